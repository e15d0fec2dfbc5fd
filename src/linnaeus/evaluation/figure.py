"""Figure: a measured number that never goes without its interval."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Figure"]


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % confidence interval; `low <= value <= high`, all finite."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, low: float, high: float) -> Figure:
        """A figure whose interval is stretched, where rounding asks for it, to hold the value."""
        return cls(float(value), float(min(low, value)), float(max(high, value)))

    def to_json(self) -> dict[str, float]:
        """`{"value": …, "low": …, "high": …}`."""
        return {"value": self.value, "low": self.low, "high": self.high}
