"""MemberTraining: trainings within a run, each a whole run in a folder of its own.

An interrupted run goes on with the one that was under way; those that are finished are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.progress import Progress
from linnaeus.runs.state import BEGUN, BUNDLE
from linnaeus.training.begun import Begun
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.choice import Choice
from linnaeus.training.ending import Ending
from linnaeus.training.fit import fit
from linnaeus.training.material import Material, look
from linnaeus.training.recipe import Recipe
from linnaeus.training.run_folder import CHECKPOINTS, begin_run, reopen_run
from linnaeus.training.saving import Saver
from linnaeus.training.team import Team
from linnaeus.training.watch import watching

__all__ = ["MemberTraining"]

IN_COMMON = "in-common.json"


@dataclass(frozen=True)
class MemberTraining:
    """What is the same for all trainings of one run, which are done one after the other.

    `every_s` and `ending`: as `Saver` takes them; `tensorboard` and `mlflow`: as `watching` does,
    for each member.
    """

    dataset: Dataset
    begun: Begun
    every_s: float | None
    ending: Ending
    progress: Progress
    workers: int | None
    cache: Cache | None
    tensorboard: bool
    mlflow: str | None

    def look(self, recipe: Recipe, choice: Choice) -> Material:
        """What a training by `recipe` learns from and is judged on."""
        return look(self.dataset, recipe, choice.backbone, self.progress, self.workers, self.cache)

    def on_folds(self, folders: Sequence[Path], recipe: Recipe, choice: Choice) -> list[Path]:
        """Train a member on each fold, in its one of `folders`."""
        return [
            self.member(folder, recipe.model_copy(update={"fold": fold}), choice)
            for fold, folder in enumerate(folders)
        ]

    def member(
        self, folder: Path, recipe: Recipe, choice: Choice, start: Path | None = None
    ) -> Path:
        """Train one member in `folder`, unless an earlier process has finished it.

        What the first one in the folder above chooses by its time holds for all there.
        """
        if (folder / BUNDLE).exists():
            self.progress.say(f"{folder.name} is finished already.")
            return folder
        self.progress.say(f"Member {folder.name}:")
        with self._claimed(folder, recipe) as place:
            saver = Saver(
                Checkpoints(place / CHECKPOINTS),
                every_s=self.every_s,
                progress=self.progress,
                ending=self.ending,
            )
            with watching(
                place,
                self.progress,
                saver,
                data=self.dataset.name,
                tensorboard=self.tensorboard,
                mlflow=self.mlflow,
            ) as watched:
                fit(
                    self.dataset,
                    recipe,
                    choice,
                    out=place,
                    progress=watched,
                    workers=self.workers,
                    cache=self.cache,
                    saver=saver,
                    watched=watched,
                    start=start,
                    in_common=folder.with_name(IN_COMMON),
                )
        return folder

    @staticmethod
    def check_alone(team: Team, taught: str) -> None:
        """Raise UsageError where several processes are to be at it; `taught`: what it trains."""
        if team.size > 1:
            raise UsageError(
                f"{taught} are taught one after the other, by one process",
                where="torchrun",
                mend="Start linnaeus without it.",
            )

    def _claimed(self, folder: Path, recipe: Recipe) -> AbstractContextManager[Path]:
        if (folder / BEGUN).exists():
            return reopen_run(folder)
        return begin_run(folder, self.begun.model_copy(update={"recipe": recipe}), numbered=False)
