"""The model card: what a bundle is for and what it is not, filled in from what was measured.

The headings are those of Mitchell and others, "Model Cards for Model Reporting" (2019); what
nobody has said or measured is named as a gap.
"""

from __future__ import annotations

from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.metrics import Metrics
from linnaeus.evaluation.plain_words import plain_words

__all__ = ["model_card"]

GAP = "*Nobody has said. Whoever passes this bundle on should.*"


def model_card(facts: RunFacts, test: Metrics) -> str:
    """Markdown for the bundle whose `facts` and figures on `test` are given."""
    sections = [
        f"# {facts.title}",
        "\n".join(plain_words(test)),
        _details(facts),
        _use(facts),
        _data(facts, test),
        _figures(test),
        _limits(facts, test),
        _ethics(),
    ]
    return "\n\n".join(sections) + "\n"


def _details(facts: RunFacts) -> str:
    assert facts.model is not None
    assert facts.bundle is not None
    height, width = facts.model.input_size
    return f"""## Model details

- Network: {facts.model.name}, {facts.model.parameters:,} parameters, pictures of {width} × \
{height} px. {facts.model.why}
- Made with Linnaeus {facts.linnaeus_version}, {facts.created}
- Answers with {facts.bundle.runtime} in {facts.bundle.precision}: {facts.bundle.precision_why}
- Probabilities are calibrated with temperature {facts.bundle.temperature:.3f}"""


def _use(facts: RunFacts) -> str:
    names = ", ".join(facts.data.classes[:20])
    more = f" and {len(facts.data.classes) - 20} more" if len(facts.data.classes) > 20 else ""
    return f"""## Intended use

Telling pictures of these {len(facts.data.classes)} classes apart: {names}{more}. It answers with \
one of them for every picture, also for pictures of something else.

Who it was made for, and what its answers decide: {GAP}"""


def _data(facts: RunFacts, test: Metrics) -> str:
    counts = {split: sum(by_class) for split, by_class in facts.data.counts.items()}
    parts = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    out = len(facts.data.left_out) + len(facts.data.unreadable)
    found = "\n".join(f"- {sentence}" for sentence in facts.data.audit) or "- Nothing was found."
    return f"""## Data

{facts.data.name}: {facts.data.images:,} pictures ({parts}; {out:,} left out). Fingerprint \
`{facts.data.fingerprint}`. What an audit of the files found:

{found}

Where the pictures come from, who took them and who labelled them: {GAP}"""


def _figures(test: Metrics) -> str:
    rows = {
        "accuracy": test.accuracy,
        "balanced accuracy": test.balanced_accuracy,
        "macro F1": test.macro_f1,
        "log loss": test.log_loss,
        "calibration error": test.calibration_error,
        f"accuracy of always answering {test.majority_class}": test.majority_class_accuracy,
    }
    table = "\n".join(f"| {name} | {_cells(figure)} |" for name, figure in rows.items())
    return f"""## Metrics

On {test.images:,} held-out pictures, from this bundle's own answers:

| figure | value | 95 % interval |
|---|---|---|
{table}"""


def _cells(figure: Figure) -> str:
    return f"{figure.value:.3f} | {figure.low:.3f} to {figure.high:.3f}"


def _ethics() -> str:
    return f"""## Ethical considerations

{GAP} Differences between groups of people or places were not measured here."""


def _limits(facts: RunFacts, test: Metrics) -> str:
    remarks = "".join(f"\n- {remark}" for remark in test.remarks)
    return f"""## Limits

- The figures hold for pictures taken as those of {facts.data.name} were; other cameras, places \
and times can do worse.
- Blur, darkness, damage and deliberate attack were not tried.
- It has no way to say "none of these".{remarks}"""
