"""A server that speaks as much of MLflow's REST protocol as its documentation asks of a tracker."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

METRIC = {"key": str, "value": (int, float), "timestamp": int, "step": int}
STATUSES = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}
NAME = re.compile(r"[/\w.\- :]{1,250}")


class Refused(Exception):
    """An answer with an error code of the protocol."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(message)
        self.code, self.name = code, name


class Store:
    """What the server was told; `away`: the code with which it fails every call, if not 0."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.authorisations: list[str | None] = []
        self.away = 0

    def answer(self, call: str, asked: dict[str, Any]) -> dict[str, Any]:
        return {
            "experiments/get-by-name": self._experiment,
            "experiments/create": self._create_experiment,
            "runs/create": self._create_run,
            "runs/log-batch": self._log_batch,
            "runs/update": self._update_run,
        }[call](asked)

    def _experiment(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["experiment_name"]
        if name not in self.experiments:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"no experiment {name}")
        return {"experiment": {"experiment_id": self.experiments[name], "name": name}}

    def _create_experiment(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["name"] in self.experiments:
            raise Refused(400, "RESOURCE_ALREADY_EXISTS", "there is one")
        self.experiments[asked["name"]] = str(len(self.experiments) + 1)
        return {"experiment_id": self.experiments[asked["name"]]}

    def _create_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["experiment_id"] in self.experiments.values()
        assert isinstance(asked["start_time"], int)
        name = f"run{len(self.runs)}"
        self.runs[name] = {**asked, "status": "RUNNING", "metrics": [], "params": {}}
        return {"run": {"info": {"run_id": name}}}

    def _log_batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        run = self.runs[asked["run_id"]]
        assert len(asked["metrics"]) + len(asked["params"]) <= 1000
        assert len(asked["params"]) <= 100
        for metric in asked["metrics"]:
            assert metric.keys() == METRIC.keys()
            assert all(isinstance(metric[key], kind) for key, kind in METRIC.items())
            assert NAME.fullmatch(metric["key"])
        for param in asked["params"]:
            if run["params"].setdefault(param["key"], param["value"]) != param["value"]:
                raise Refused(400, "INVALID_PARAMETER_VALUE", "a parameter does not change")
        run["metrics"] += asked["metrics"]
        return {}

    def _update_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["status"] in STATUSES
        self.runs[asked["run_id"]] |= asked
        return {}


@contextmanager
def tracking_server() -> Iterator[tuple[str, Store]]:
    """The address of such a server, and what it was told."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            self._answer({name: values[0] for name, values in query.items()})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            self._answer(json.loads(content))

        def _answer(self, asked: dict[str, Any]) -> None:
            store.authorisations.append(self.headers.get("Authorization"))
            call = urlsplit(self.path).path.removeprefix("/api/2.0/mlflow/")
            code, told = 200, {}
            try:
                if store.away:
                    raise Refused(store.away, "TEMPORARILY_UNAVAILABLE", "away")
                told = store.answer(call, asked)
            except Refused as refused:
                code = refused.code
                told = {"error_code": refused.name, "message": str(refused)}
            except (AssertionError, KeyError) as error:
                code, told = 400, {"error_code": "BAD_REQUEST", "message": repr(error)}
            content = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", store
    finally:
        server.shutdown()
        server.server_close()
