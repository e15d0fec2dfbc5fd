"""What a caller may ask, in the words of `linnaeus predict` and `linnaeus explain`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from linnaeus.bundle.label_sets import Method
from linnaeus.serving.problems import Problem, not_understood
from linnaeus.written_numbers import check_written

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

__all__ = [
    "Asked",
    "AskedOf",
    "ExplainMethod",
    "ExplainedOf",
    "Promises",
    "asked_in",
    "query_documented",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Version = Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
OfModel = Annotated[Name | None, Field(description="Which model; needed where several are served.")]
OfVersion = Annotated[
    Version | None, Field(description="Which version of it; the one that serves if left out.")
]

ExplainMethod = Literal["occlusion", "superpixels", "lime", "kernel-shap"]
"""The methods of `linnaeus explain` that ask the bundle alone, and so need no PyTorch."""

Kind = TypeVar("Kind", "AskedOf", "ExplainedOf")


class Promises(BaseModel):
    """What an answer shall hold to. What is not known here is refused, never passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: Annotated[
        float | None,
        Field(
            strict=True,
            gt=0,
            lt=1,
            description="Name all classes that a picture may be, so that the true one is among"
            " them in this share of pictures: 0.9.",
        ),
    ] = None
    sets_method: Annotated[
        Method | None, Field(description="How such sets are made; needs sets. (lac)")
    ] = None
    max_error: Annotated[
        float | None,
        Field(
            strict=True,
            gt=0,
            lt=1,
            description="Withhold unsure answers, so that at most this share of those given is"
            " wrong: 0.02.",
        ),
    ] = None
    unknown_rate: Annotated[
        float | None,
        Field(
            strict=True,
            ge=0,
            lt=1,
            description="Share of pictures of the classes that may be called unknown; 0 calls"
            " nothing so. (0.05)",
        ),
    ] = None

    @field_validator("sets_method")
    @classmethod
    def _of_sets(cls, method: Method | None, fields: ValidationInfo) -> Method | None:
        """Refuse a way to make sets that are not asked for; `sets` itself is read before it."""
        if method is not None and fields.data.get("sets") is None:
            raise PydanticCustomError(
                "idle",
                "there are no label sets that could be made so. Ask for some with sets, such as"
                " 0.9, or leave it out",
            )
        return method


class Asked(Promises):
    """The same, and how it shall be said."""

    top: Annotated[
        int | None,
        Field(strict=True, ge=1, description="Give probabilities of so many classes alone."),
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

    model: OfModel = None
    version: OfVersion = None


class ExplainedOf(BaseModel):
    """What shall be explained, and how, by one of the models that are served."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Annotated[
        ExplainMethod,
        Field(
            description="How it is found: occlusion hides one window after the other, superpixels"
            " one part (the fewest questions), lime and kernel-shap many parts at once."
        ),
    ] = "occlusion"
    class_name: Annotated[
        str | None,
        Field(alias="class", max_length=1024, description="Explain this class. (the likeliest)"),
    ] = None
    model: OfModel = None
    version: OfVersion = None


def asked_in(query: QueryParams, kind: type[Kind]) -> Kind:
    """What the `query` of a request asks for. Raises Problem for what cannot be meant."""
    if not query:
        return kind()
    given = query.multi_items()
    try:
        asked = kind.model_validate_strings(dict(given))
        check_written(dict(given), asked.model_dump(by_alias=True))
    except ValidationError as error:
        known = ", ".join(kind.model_json_schema()["properties"])
        raise not_understood(error, f"What can be asked for is {known}.") from None
    twice = sorted(name for name, times in Counter(n for n, _ in given).items() if times > 1)
    if twice:
        raise Problem("not-valid", f"{twice[0]}: it is given twice. Give it once.")
    return asked


def query_documented(kind: type[BaseModel]) -> list[dict[str, Any]]:
    """The same, for OpenAPI."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": said.pop("description", ""),
            "schema": next(one for one in said.get("anyOf", [said]) if one.get("type") != "null"),
        }
        for name, said in kind.model_json_schema()["properties"].items()
    ]
