"""metrics.json, schema version 1: every number of a report (docs/reference/metrics.md)."""

from __future__ import annotations

import json
import re
from typing import Any

from linnaeus.evaluation.broken_words import broken_words
from linnaeus.evaluation.compared import NOTHING_COMPARED, Compared
from linnaeus.evaluation.explained import ExplainedAnswers
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.promises import Kept
from linnaeus.evaluation.under_attack import UnderAttack
from linnaeus.evaluation.unknowns import UnknownTold

__all__ = ["SCHEMA_VERSION", "metrics_document", "metrics_text"]

SCHEMA_VERSION = 1


def metrics_document(
    facts: RunFacts,
    test: Measured,
    validation: Measured | None = None,
    promises: Kept | None = None,
    compared: Compared = NOTHING_COMPARED,
    unknown: UnknownTold | None = None,
    explained: ExplainedAnswers | None = None,
    attacked: UnderAttack | None = None,
) -> dict[str, Any]:
    """All that metrics.json holds, as plain JSON values. A figure is {"value", "low", "high"}."""
    words = plain_words(test)
    return {
        "schema_version": SCHEMA_VERSION,
        **facts.to_json(),
        "validation": validation.to_json() if validation else None,
        "test": test.to_json(),
        "promises": promises.to_json() if promises else None,
        **compared.to_json(),
        "unknown": unknown.to_json() if unknown else None,
        "explained": explained.to_json() if explained else None,
        "attacked": attacked.to_json() if attacked else None,
        "plain_words": [
            *words[:2],
            *broken_words(promises, unknown),
            *words[2:],
            *compared.in_plain_words,
        ],
    }


def metrics_text(document: dict[str, Any]) -> str:
    """The document as indented JSON, with a list of numbers on one line. Refuses NaN."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    rows = re.compile(r"\[\n[-+\d.eE,\s]+\]")
    return (
        rows.sub(
            lambda row: re.sub(r"\s+", " ", row[0]).replace("[ ", "[").replace(" ]", "]"), text
        )
        + "\n"
    )
