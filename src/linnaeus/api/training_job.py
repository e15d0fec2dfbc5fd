"""TrainingJob: what `train` was asked for, carried out by this process or by a team of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linnaeus.api.dataset_of import dataset_of
from linnaeus.data.cache import Cache
from linnaeus.data.dataset import Dataset
from linnaeus.data.named import fetch, to_fetch
from linnaeus.errors import LearningError, Terminated
from linnaeus.progress import Progress, Quiet
from linnaeus.training.begun import Begun, network_of
from linnaeus.training.checkpoint import Checkpoints
from linnaeus.training.choice import Choice, choose_model
from linnaeus.training.ending import Ending, end_on_sigterm
from linnaeus.training.recipe import Recipe
from linnaeus.training.run_folder import CHECKPOINTS, begin_run, is_worth_going_on, reopen_run
from linnaeus.training.saving import Saver
from linnaeus.training.team import Team, joined_team

if TYPE_CHECKING:
    from linnaeus.training.run import Run

__all__ = ["TrainingJob"]


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """A training of which every choice is made, but what its data decide.

    `columns`: the other arguments of `load_dataset`. `out`: the folder of a new run, None for one
    under runs/. `resume` and `begun`: the folder of a run to go on with, and what it was begun
    with; both None for a new one. The others are as `train` takes them.
    """

    recipe: Recipe
    data: str | Path | Dataset
    columns: Mapping[str, Any]
    weights: Sequence[str | Path]
    download: bool
    ask: Callable[[str], bool]
    out: Path | None
    resume: Path | None
    begun: Begun | None
    every_s: float | None
    workers: int | None
    cache: Cache | None
    tensorboard: bool
    mlflow: str | None
    progress: Progress

    def run(self) -> Run:
        """Train and judge. Raises as `load_dataset`, `choose_model` and `training.fit.fit` do."""
        with joined_team() as team:
            told = self.progress if team.leads else Quiet()
            return replace(self, progress=told)._run_in(team)

    def _run_in(self, team: Team) -> Run:
        with team.leader_first():
            self._fetch_if_wanted()
        dataset = dataset_of(self.data, **self.columns)
        begun, claimed = self._claim(dataset)
        with end_on_sigterm() as ending, _led(claimed, team, self.progress) as folder:
            saver = Saver(
                Checkpoints(folder / CHECKPOINTS),
                writes=team.leads,
                every_s=self.every_s,
                progress=self.progress,
                ending=ending,
            )
            with team.leader_first():
                choice = choose_model(
                    network_of(saver, self.recipe),
                    weights=self.weights,
                    download=self.download,
                    ask=self.ask,
                )
            if self.recipe.folds is not None or self.recipe.ensemble is not None:
                return self._train_members(dataset, begun, ending, choice, folder, team)
            return self._train_watched(dataset, saver, choice, folder, team)

    def _fetch_if_wanted(self) -> None:
        """Fetch a data set with a name that is not here, where that is asked for or agreed to."""
        wanted = to_fetch(self.data) if isinstance(self.data, str) else ""
        question = f"The data are not on this machine. Download {wanted}?"
        if wanted and (self.download or self.ask(question)):
            fetch(str(self.data), progress=self.progress)

    def _claim(self, dataset: Dataset) -> tuple[Begun, AbstractContextManager[Path]]:
        """What the run is, or was, begun with, and the claim on its folder, not entered yet."""
        if self.begun is not None and self.resume is not None:
            return self.begun, reopen_run(self.resume)
        name = None if isinstance(self.data, Dataset) else str(self.data)
        begun = Begun.now(name, self.columns, self.weights, self.recipe)
        folder = self.out or Path("runs") / f"{dataset.name}-{datetime.now():%Y%m%d-%H%M%S}"
        return begun, begin_run(folder, begun, numbered=self.out is None)

    def _train_members(
        self,
        dataset: Dataset,
        begun: Begun,
        ending: Ending,
        choice: Choice,
        folder: Path,
        team: Team,
    ) -> Run:
        """Train the folds or the members that the recipe asks for."""
        from linnaeus.ensembling.trained import train_ensemble
        from linnaeus.training.folded import train_folds
        from linnaeus.training.members import MemberTraining

        training = MemberTraining(
            dataset,
            begun,
            every_s=self.every_s,
            ending=ending,
            progress=self.progress,
            workers=self.workers,
            cache=self.cache,
            tensorboard=self.tensorboard,
            mlflow=self.mlflow,
        )
        train_all = train_ensemble if self.recipe.folds is None else train_folds
        return train_all(training, choice, out=folder, team=team)

    def _train_watched(
        self, dataset: Dataset, saver: Saver, choice: Choice, folder: Path, team: Team
    ) -> Run:
        """Train once, watched as was asked by the process that leads `team`."""
        from linnaeus.explanation.sheet import explain_answers
        from linnaeus.robustness.under_attack import attack_answers
        from linnaeus.training.fit import fit  # loads torch: what is wrong was said before
        from linnaeus.training.watch import watching

        with ExitStack() as while_it_lasts:
            watched = None
            if team.leads:
                watched = while_it_lasts.enter_context(
                    watching(
                        folder,
                        self.progress,
                        saver,
                        data=dataset.name,
                        tensorboard=self.tensorboard,
                        mlflow=self.mlflow,
                    )
                )
            return fit(
                dataset,
                self.recipe,
                choice,
                out=folder,
                workers=self.workers,
                cache=self.cache,
                progress=watched or self.progress,
                team=team,
                saver=saver,
                watched=watched,
                explain=explain_answers,
                attack=attack_answers,
            )


@contextmanager
def _led(claimed: AbstractContextManager[Path], team: Team, progress: Progress) -> Iterator[Path]:
    """What `claimed` gives process 0 of `team`, for all; says how to go on where it ends early."""
    with ExitStack() as held:
        folder = team.led(lambda: held.enter_context(claimed))
        try:
            yield folder
        except BaseException as end:
            hopeless = isinstance(end, LearningError) or not is_worth_going_on(folder, end)
            if isinstance(end, Terminated) or not hopeless:
                progress.say(f"Go on with this run by `linnaeus train --resume {folder}`.")
            raise
