"""What the server counts, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
IMAGES = (1, 2, 4, 8, 16, 32)

State = Callable[[], Iterable[Metric]]


class Metrics:
    """Counters and histograms of one server. `state` tells, when asked, what is so at the time."""

    def __init__(self, state: State) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(_Asked(state))

        def counter(name: str, said: str, *labels: str) -> Counter:
            return Counter(f"linnaeus_{name}", said, labels, registry=self._registry)

        def histogram(name: str, said: str, buckets: Iterable[float], *labels: str) -> Histogram:
            made = tuple(buckets)
            return Histogram(
                f"linnaeus_{name}", said, labels, registry=self._registry, buckets=made
            )

        self.requests = counter("requests", "Requests answered.", "route", "method", "status")
        self.seconds = histogram("request_seconds", "From head to answer.", SECONDS, "route")
        self.problems = counter("problems", "Requests refused, by kind.", "kind")
        self.images = counter("images", "Pictures answered.", "model", "version")
        self.waited = histogram("queue_seconds", "Time that jobs waited in the queue.", SECONDS)
        self.batches = histogram("batch_images", "Pictures handed to a worker at once.", IMAGES)
        self.lost = counter("workers_lost", "Workers that died, by reason.", "reason")
        self.gone = counter("callers_gone", "Callers who left before their answer.")
        self.swaps = counter("swaps", "Changes of models, by what came of them.", "result")
        self.untold = counter("log_lines_dropped", "Lines of the log that found no reader in time.")

    def text(self) -> bytes:
        """All of it, as text."""
        return generate_latest(self._registry)


class _Asked(Collector):
    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        return self._state()


def gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    """What something amounts to now."""
    return GaugeMetricFamily(f"linnaeus_{name}", said, value=value)


def models_told(rows: Iterable[tuple[str, str, str, bool]]) -> Metric:
    """The versions that are open: (model, version, digest, whether it serves)."""
    family = InfoMetricFamily(
        "linnaeus_model", "Versions that can answer.", labels=["model", "version", "serving"]
    )
    for model, version, digest, serving in rows:
        family.add_metric([model, version, str(serving).lower()], {"digest": digest})
    return family
