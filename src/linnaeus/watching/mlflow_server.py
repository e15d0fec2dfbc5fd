"""Calls to an MLflow tracking server, over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from linnaeus.errors import MissingError, UsageError

__all__ = ["MlflowServer", "ServerError"]

ANSWER_WITHIN_S = 10.0
REFUSED_FROM, REFUSED_TO = 400, 500
NOT_NOW = frozenset({408, 425, 429})  # too slow, too early, too many calls: ask again later


class ServerError(MissingError):
    """The server did not do what it was asked. `refused`: it would not another time either."""

    refused = False


class MlflowServer:
    """The server at `uri`, such as http://127.0.0.1:5000.

    Who calls is said as MLflow's own clients say it: by MLFLOW_TRACKING_TOKEN, or by
    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment, where these are set.
    Raises UsageError for what is no such address.
    """

    def __init__(self, uri: str) -> None:
        if urlsplit(uri).scheme not in ("http", "https") or not urlsplit(uri).netloc:
            raise UsageError(
                f'"{uri}" is no address of a tracking server',
                where="--mlflow",
                mend="Give one such as http://127.0.0.1:5000; for a store in a file, start"
                " `mlflow server --backend-store-uri sqlite:///mlflow.db` beside it.",
            )
        self._uri = uri.rstrip("/")
        self._headers = {"Content-Type": "application/json", **_who_calls()}

    def experiment(self, name: str) -> str:
        """The id of the experiment called `name`, which is made where there is none."""
        try:
            found = self._call(f"experiments/get-by-name?experiment_name={quote(name)}", None)
        except ServerError as error:
            if not error.refused:
                raise
            return str(self.post("experiments/create", {"name": name})["experiment_id"])
        return str(found["experiment"]["experiment_id"])

    def post(self, call: str, content: dict[str, Any]) -> dict[str, Any]:
        """Make a `call`, such as "runs/create", and give its answer. Raises ServerError."""
        return self._call(call, json.dumps(content).encode())

    def _call(self, call: str, content: bytes | None) -> dict[str, Any]:
        address = f"{self._uri}/api/2.0/mlflow/{call}"
        request = Request(address, content, self._headers)  # noqa: S310 - http or https
        try:
            with urlopen(request, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310
                read: dict[str, Any] = json.load(answer)
                return read
        except HTTPError as error:
            raise self._refusal(error) from None
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise ServerError(
                f"the MLflow server does not answer ({reason})",
                where=self._uri,
                mend="Start it, or leave --mlflow out; log.jsonl has the same figures.",
            ) from None

    def _refusal(self, error: HTTPError) -> ServerError:
        try:
            said = json.loads(error.read())["message"]
        except (OSError, ValueError, KeyError, TypeError):
            said = error.reason
        told = ServerError(
            f"the MLflow server answers {error.code} ({said})",
            where=self._uri,
            mend="Look at its own log, or leave --mlflow out; log.jsonl has the same figures.",
        )
        told.refused = REFUSED_FROM <= error.code < REFUSED_TO and error.code not in NOT_NOW
        return told


def _who_calls() -> dict[str, str]:
    names = ("TOKEN", "USERNAME", "PASSWORD")
    token, user, password = (os.environ.get(f"MLFLOW_TRACKING_{name}", "") for name in names)
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user:
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {both}"}
    return {}
