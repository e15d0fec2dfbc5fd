"""AugmentPlan: how the views that training sees may differ from the pictures they are made of."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Le, Lt
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["PRESETS", "AugmentPlan"]

Share = Annotated[float, Ge(0), Lt(1)]
Strength = Annotated[float, Ge(0), Le(1)]


class AugmentPlan(BaseModel):
    """How views differ from their pictures. Every strength is the largest; 0 is "not at all".

    The name of a preset (none, light, medium, heavy or auto) may stand in its place. What a view
    shows beyond the edge of its picture is the picture reflected.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    auto: bool = False
    """Whether the training pictures are asked, before learning, what they allow. What they answer
    takes the place of every other field, and is what the finished run records."""
    mirror: bool | None = None
    """Whether pictures are mirrored, left to right, in every other pass. `null`: unless the names
    of the classes speak of sides, digits or letters."""
    flip: bool = False
    """Whether half of the views are upside down. For pictures that have no up."""
    shift: Share = 1 / 16
    """Of a side: 1/16 are 2 px of 32."""
    zoom: Share = 0.0
    """Change of size: 0.2 shows the picture 1/1.2 to 1.2 times as high, and independently wide."""
    rotate_deg: Annotated[float, Ge(0), Le(180)] = 0.0
    """Turn, either way."""
    shear_deg: Annotated[float, Ge(0), Le(60)] = 0.0
    """Slant of the upright edges, either way."""
    brightness: Strength = 0.0
    """0.2 makes views 0.8 to 1.2 times as bright."""
    contrast: Strength = 0.0
    """0.2 brings pixels 0.8 to 1.2 times as far from the mean grey of their picture."""
    saturation: Strength = 0.0
    """0.2 brings pixels 0.8 to 1.2 times as far from their own grey."""
    hue: Annotated[float, Ge(0), Le(0.5)] = 0.0
    """Turn of all colours about grey, in whole turns: 0.5 makes red cyan."""
    blur: Annotated[float, Ge(0), Le(0.1)] = 0.0
    """Standard deviation of a Gaussian blur, as a share of the shorter side."""
    noise: Strength = 0.0
    """Standard deviation of Gaussian noise, as a share of the range from black to white."""
    cutout: Share = 0.0
    """Side of a grey box that hides a part of each view, as a share of the view's sides (DeVries
    and Taylor 2017)."""
    randaugment: tuple[Annotated[int, Ge(1), Le(8)], Annotated[float, Ge(0), Le(30)]] | None = None
    """How many of 14 operations are done to each view, and how strongly, such as [2, 9] (Cubuk and
    others 2020)."""
    trivialaugment: bool = False
    """Whether one of 14 operations is done to each view, of a strength at random (Müller and Hutter
    2021)."""
    augmix: Annotated[float, Ge(0), Le(10)] = 0.0
    """Severity of three chains of operations that are mixed into each view, such as 3 (Hendrycks
    and others 2020, without their consistency loss). For pictures that will be met damaged."""
    mixup: Annotated[float, Ge(0), Lt(100)] = 0.0
    """α of the Beta distribution by which each view is blended with another of its batch, and so
    are their labels, such as 0.2 (Zhang and others 2018). For long runs."""
    cutmix: Annotated[float, Ge(0), Lt(100)] = 0.0
    """α of the Beta distribution of the share of each view that stays where a box of another of its
    batch is pasted in, such as 1 (Yun and others 2019). With `mixup`, each does half of them."""

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        if given not in PRESETS:
            names = ", ".join(map(repr, PRESETS))
            raise PydanticCustomError("literal_error", "no preset", {"expected": names})
        return PRESETS[given]

    def changes(self) -> dict[str, Any]:
        """{field: value} of all that is not off."""
        fields = self.model_dump()
        return {name: value for name, value in fields.items() if value not in (None, False, 0)}


PRESETS: dict[str, dict[str, Any]] = {
    "none": {"mirror": False, "shift": 0.0},
    "light": {},
    "medium": {
        "shift": 1 / 10,
        "zoom": 0.15,
        "rotate_deg": 10.0,
        "brightness": 0.2,
        "contrast": 0.2,
        "saturation": 0.2,
        "cutout": 0.25,
    },
    "heavy": {
        "shift": 1 / 8,
        "zoom": 0.25,
        "rotate_deg": 20.0,
        "shear_deg": 8.0,
        "brightness": 0.3,
        "contrast": 0.3,
        "saturation": 0.3,
        "hue": 0.03,
        "blur": 0.01,
        "noise": 0.03,
        "cutout": 0.3,
        "cutmix": 1.0,
    },
    "auto": {"auto": True},
}
"""Each preset's fields. light is what costs next to nothing and helps from the first pass on; what
medium and heavy add pays in long runs, for it takes more passes to learn from."""
