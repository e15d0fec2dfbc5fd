"""What a caller may ask of an answer: the words of `linnaeus predict`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linnaeus.bundle.label_sets import Method

__all__ = ["Asked", "AskedOf"]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Version = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]


class Asked(BaseModel):
    """What to say beside the label. What is not known here is refused, never passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top: Annotated[
        int | None, Field(ge=1, description="Give probabilities of so many classes alone.")
    ] = None
    sets: Annotated[
        float | None,
        Field(
            gt=0,
            lt=1,
            description="Name all classes that a picture may be, so that the true one is among"
            " them in this share of pictures: 0.9.",
        ),
    ] = None
    sets_method: Annotated[Method, Field(description="How such sets are made.")] = "lac"
    max_error: Annotated[
        float | None,
        Field(
            gt=0,
            lt=1,
            description="Withhold unsure answers, so that at most this share of those given is"
            " wrong: 0.02.",
        ),
    ] = None
    unknown_rate: Annotated[
        float | None,
        Field(
            ge=0,
            lt=1,
            description="Share of pictures of the classes that may be called unknown; 0 calls"
            " nothing so. (0.05)",
        ),
    ] = None
    unreadable: Annotated[
        Literal["raise", "keep"],
        Field(
            description="Of several pictures one cannot be read: refuse the request, or keep its"
            " place in the answer with the reason."
        ),
    ] = "raise"


class AskedOf(Asked):
    """The same, of one of the models that are served."""

    model: Annotated[
        Name | None, Field(description="Which model; needed where several are served.")
    ] = None
    version: Annotated[
        Version | None, Field(description="Which version of it; the one that serves if left out.")
    ] = None
