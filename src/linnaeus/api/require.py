"""What a verb needs beyond the core: where it is missing, that is said before any work."""

from __future__ import annotations

from importlib.util import find_spec

from linnaeus.errors import MissingError

__all__ = ["require_scipy", "require_training"]


def require_training() -> None:
    """Raise MissingError where the packages that training needs are not installed."""
    _require("training", "torch", "timm", "onnx", "onnxscript")


def require_scipy() -> None:
    """Raise MissingError where SciPy, by which pictures are made worse, is not installed."""
    _require("making pictures worse", "scipy")


def _require(what: str, *packages: str) -> None:
    if missing := [name for name in packages if find_spec(name) is None]:
        raise MissingError(
            f"{what} needs {', '.join(missing)}, which this installation does not have",
            mend='Install it with: pip install "linnaeus[train]"',
        )
