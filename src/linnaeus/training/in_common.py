"""InCommon: what the members of a run share because the first one chose it by its time.

Which network, how large its pictures, how much of it stays frozen and for how long it learns go by
the speed of the machine, which is another each time that it is measured. Members would then be of
different networks, by chance. It stands in a file beside the members, so that an interrupted run
goes on with the same. A batch size by trial (`batch_size: auto`) each finds for itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from linnaeus.errors import MissingError
from linnaeus.files import read_json, write_json
from linnaeus.training.choice import Choice
from linnaeus.training.recipe import Recipe

__all__ = ["InCommon"]


class InCommon(BaseModel):
    """What the first member came to before it learnt.

    `backbone`: the name of its pretrained network, "" from scratch; `network` and `passes`: as a
    `Choice` has them. The others are fields of its recipe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str
    network: str
    passes: float | None
    image_size_px: tuple[int, int] | None
    budget_s: float | None
    frozen: int | None
    resize_from: float | None

    @classmethod
    def of(cls, choice: Choice, recipe: Recipe) -> InCommon:
        """What a member that has chosen has in common with those to come."""
        return cls(
            backbone="" if choice.backbone is None else choice.backbone.name,
            network=choice.network,
            passes=choice.passes,
            image_size_px=recipe.image_size_px,
            budget_s=recipe.budget_s,
            frozen=recipe.transfer.frozen,
            resize_from=recipe.network.resize_from,
        )

    @classmethod
    def found(cls, file: Path) -> InCommon | None:
        """What an earlier member has written to `file`; None where none has."""
        return cls.model_validate(read_json(file)) if file.exists() else None

    def write(self, file: Path) -> None:
        """Write it for the members to come. Raises WriteError where it cannot be."""
        write_json(file, self.model_dump(mode="json"))

    def taken_over(self, choice: Choice, recipe: Recipe) -> tuple[Choice, Recipe]:
        """`choice` and `recipe` of another member, with what the first one came to.

        Raises MissingError where its pretrained weights are not those at hand now.
        """
        at_hand = "" if choice.backbone is None else choice.backbone.name
        if self.backbone and self.backbone != at_hand:
            raise MissingError(
                f"the first member begins with the weights of {self.backbone}, and"
                + (f" {at_hand} would be taken now" if at_hand else " they are not at hand now"),
                where="--weights",
                mend="Let the same weights be found as when the run was begun, and no others.",
            )
        if not self.backbone and choice.backbone is not None and not choice.by_time:
            choice = Choice(None, choice.why, self.network)  # its weights came since
        recipe = recipe.model_copy(
            update={
                "image_size_px": self.image_size_px,
                "budget_s": self.budget_s,
                "transfer": recipe.transfer.model_copy(update={"frozen": self.frozen}),
                "network": recipe.network.model_copy(update={"resize_from": self.resize_from}),
            }
        )
        if self.backbone or not choice.by_time:
            return replace(choice, passes=self.passes), recipe
        why = f"{self.network} learns from scratch, as in the first member."
        return Choice(None, why, self.network, passes=self.passes), recipe
