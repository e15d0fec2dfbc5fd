"""The figures of a run for an MLflow tracking server, by its REST protocol; no package is needed.

    https://mlflow.org/docs/latest/api_reference/rest-api.html

What is sent waits for no answer: a thread of its own posts it, and a server that is away costs the
training nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linnaeus.errors import LinnaeusError
from linnaeus.leaves import leaves
from linnaeus.progress import Event, Progress
from linnaeus.watching.mlflow_server import MlflowServer, ServerError
from linnaeus.watching.scalars import Steps, scalars

__all__ = ["Mlflow", "MlflowRun"]

MOST_METRICS, MOST_PARAMS = 900, 100  # in one call: the server takes 1000 of both together
LONGEST_PARAM = 6000  # characters that a server takes
RETRY_AFTER_S = 5.0
LAST_WAIT_S = 20.0
"""How long the end of a run waits for a server to take the rest."""

ENDINGS = {"finished": "FINISHED", "ended": "FAILED"}


@dataclass(frozen=True)
class MlflowRun:
    """Which run of which server: what another process needs to go on with it."""

    uri: str
    run_id: str


class Mlflow:
    """Sends the events of a run to the server at `uri`.

    `experiment` is made where there is none; the run is called `name`. `known`: the run that an
    earlier process began, to go on with. Raises MissingError where the server does not answer now.
    """

    def __init__(
        self,
        uri: str,
        progress: Progress,
        *,
        experiment: str,
        name: str,
        known: MlflowRun | None = None,
    ) -> None:
        self._server = MlflowServer(uri)
        self._steps = Steps()
        self._status = "KILLED"
        if known is not None and known.uri == uri:
            self.run = known
            self._server.post("runs/update", {"run_id": known.run_id, "status": "RUNNING"})
        else:
            self.run = MlflowRun(uri, self._begun(experiment, name))
        self._sender = _Sender(self._server, self.run.run_id, progress)
        self._sender.start()

    def hear(self, event: Event) -> None:
        """Let the figures of an event be sent."""
        self._status = ENDINGS.get(event.kind, self._status)
        if event.kind == "begun":
            self._sender.params(_texts(event.figures))
        step, now_ms = self._steps.of(event), _now_ms()
        self._sender.metrics(
            [
                {"key": f"{event.stage or 'test'}/{name}", "value": value}
                | {"step": step, "timestamp": now_ms}
                for name, value in scalars(event).items()
            ]
        )

    def close(self) -> None:
        """Wait a while for the server to take the rest, and say how the run ended."""
        self._sender.close(self._status)

    def _begun(self, experiment: str, name: str) -> str:
        asked = {"experiment_id": self._server.experiment(experiment), "run_name": name}
        run = self._server.post("runs/create", asked | {"start_time": _now_ms()})
        return str(run["run"]["info"]["run_id"])


class _Sender(threading.Thread):
    """Posts what it is given, in order and in lots, and tries again what was not taken."""

    def __init__(self, server: MlflowServer, run_id: str, progress: Progress) -> None:
        super().__init__(daemon=True, name="mlflow")
        self._server = server
        self._run_id = run_id
        self._progress = progress
        self._metrics: list[dict[str, Any]] = []
        self._params: list[dict[str, str]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._warned = False

    def params(self, params: Mapping[str, str]) -> None:
        """Send what the run was asked for."""
        with self._changed:
            self._params += [{"key": k, "value": _fitting(v)} for k, v in params.items()]
            self._changed.notify()

    def metrics(self, metrics: list[dict[str, Any]]) -> None:
        """Send figures."""
        with self._changed:
            self._metrics += metrics
            self._changed.notify()

    def close(self, status: str) -> None:
        """Send the rest within `LAST_WAIT_S`, then say that the run ended with `status`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self.join(LAST_WAIT_S)
        try:
            ended = {"run_id": self._run_id, "status": status, "end_time": _now_ms()}
            self._server.post("runs/update", ended)
        except ServerError as error:
            self._warn(error)
        if left := len(self._metrics):
            self._progress.warn(f"MLflow did not take {left} figures; log.jsonl has them all.")

    def run(self) -> None:
        """Until all is sent and nothing more will come."""
        while True:
            with self._changed:
                while not (self._metrics or self._params or self._closing):
                    self._changed.wait()
                metrics, params = self._metrics[:MOST_METRICS], self._params[:MOST_PARAMS]
                last_try = self._closing
                if not (metrics or params):
                    return
            try:
                lot = {"run_id": self._run_id, "metrics": metrics, "params": params}
                self._server.post("runs/log-batch", lot)
            except ServerError as error:
                self._warn(error)
                with self._changed:
                    if last_try or error.refused:
                        return
                    self._changed.wait_for(lambda: self._closing, RETRY_AFTER_S)
                continue
            with self._changed:
                del self._metrics[: len(metrics)], self._params[: len(params)]

    def _warn(self, error: LinnaeusError) -> None:
        if not self._warned:
            self._progress.warn(f"The run goes on without MLflow for now: {error}")
            self._warned = True


def _texts(record: Mapping[str, object]) -> dict[str, str]:
    """The leaves of a nested record as text; those that say nothing are left out."""
    said = {name: value for name, value in leaves(record).items() if value not in (None, {})}
    return {n: value if isinstance(value, str) else json.dumps(value) for n, value in said.items()}


def _fitting(value: str) -> str:
    """`value` as far as a server takes it; what is cut off is marked."""
    return value if len(value) <= LONGEST_PARAM else value[: LONGEST_PARAM - 1] + "…"


def _now_ms() -> int:
    return round(1000 * time.time())
