"""The model card: what a bundle is for and what it is not, filled in from what was measured.

The headings are those of Mitchell and others, "Model Cards for Model Reporting" (2019); what
nobody has said or measured is named as a gap. Text that comes from the user is escaped.
"""

from __future__ import annotations

import re

from linnaeus.bundle.calibration import Calibration
from linnaeus.bundle.golden import GOLDEN_IMAGES
from linnaeus.bundle.record import GOLDEN_FILE
from linnaeus.bundle.seen import SEEN_FILE
from linnaeus.counted import pictures
from linnaeus.evaluation.facts import RunFacts
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.judging import Measured
from linnaeus.evaluation.label_metrics import LabelMetrics
from linnaeus.evaluation.label_words import set_in_words
from linnaeus.evaluation.plain_words import plain_words

__all__ = ["model_card"]

ALWAYS = "always the same"
GAP = "*Nobody has said. Whoever passes this bundle on should.*"


def model_card(facts: RunFacts, test: Measured) -> str:
    """Markdown for the bundle whose `facts` and figures on `test` are given."""
    sections = [
        f"# {_plain(facts.title)}",
        "\n".join(map(_plain, plain_words(test))),
        _details(facts),
        _use(facts, isinstance(test, LabelMetrics)),
        _data(facts),
        _carried(facts),
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

- Network: {_plain(facts.model.name)}, {facts.model.parameters:,} parameters, pictures of \
{width} × {height} px. {_plain(facts.model.why)}
- Made with Linnaeus {facts.linnaeus_version}, {facts.created}
- Answers with {facts.bundle.runtime} in {facts.bundle.precision}: \
{_plain(facts.bundle.precision_why)}
- {_calibration(facts.bundle.calibration)}{_together(facts)}"""


def _together(facts: RunFacts) -> str:
    """Of an ensemble, what its members are and whether they are better together."""
    if facts.ensemble is None:
        return ""
    names = ", ".join(_plain(member.name) for member in facts.ensemble.members)
    words = "".join(f"\n- {_plain(line)}" for line in facts.ensemble.in_plain_words)
    return f"\n- Members: {names}, each a whole bundle under `members/`{words}"


def _calibration(calibration: Calibration) -> str:
    why = f": {_plain(calibration.why)}" if calibration.why else ""
    if calibration.method == "none":
        return f"Probabilities are the network's own, not calibrated{why}"
    return f"Probabilities are calibrated {calibration.in_words}, fitted on validation{why}"


def _use(facts: RunFacts, several: bool) -> str:
    names = ", ".join(map(_plain, facts.data.classes[:20]))
    more = f" and {len(facts.data.classes) - 20} more" if len(facts.data.classes) > 20 else ""
    return f"""## Intended use

{_task(facts, several, names + more)}

Who it was made for, and what its answers decide: {GAP}"""


def _task(facts: RunFacts, several: bool, names: str) -> str:
    count = len(facts.data.classes)
    if several:
        return (
            f"Finding which of these {count} labels a picture has, which may be several or none:"
            f" {names}. It says nothing of other things that a picture may show."
        )
    apart = f"Telling pictures of these {count} classes apart: {names}."
    if _tells_unknown(facts):
        return f'{apart} What looks like none of them it calls "unknown".'
    return (
        f"{apart} It answers with one of them for every picture, also for pictures of something"
        " else."
    )


def _data(facts: RunFacts) -> str:
    parts = ", ".join(f"{count:,} {split}" for split, count in facts.data.pictures.items())
    out = len(facts.data.left_out) + len(facts.data.unreadable)
    found = "\n".join(f"- {_plain(line)}" for line in facts.data.audit) or "- Nothing was found."
    return f"""## Data

Data set {_plain(facts.data.name)}: {facts.data.images:,} pictures ({parts}; {out:,} left out). \
Fingerprint `{facts.data.fingerprint}`. What an audit of the files found:

{found}

Where the pictures come from, who took them and who labelled them: {GAP}"""


def _carried(facts: RunFacts) -> str:
    """What of the pictures themselves goes wherever the bundle goes."""
    counts = facts.data.pictures
    split = "validation" if counts.get("validation") else "train"
    golden = min(GOLDEN_IMAGES, counts[split])
    shown = pictures(golden)
    return f"""## Pictures inside this bundle

- `{GOLDEN_FILE}` holds {shown} of the {split} split at the size that the network sees, so that \
every machine can try whether it answers alike. Whoever gets the bundle can look at them: think \
twice before passing it on where the pictures are private, as medical ones are.
- `{SEEN_FILE}` holds a digest of each picture that it learned from or was tuned on. Nobody can \
see a picture in it, but whoever has the very picture can tell that it was among them."""


def _figures(test: Measured) -> str:
    rows = test.headline()
    if isinstance(test, LabelMetrics):
        same = f"F1 of always answering {_plain(set_in_words(test.usual_set))}"
    else:
        same = f"accuracy of always answering {_plain(test.majority_class)}"
    rows = {same if name.startswith(ALWAYS) else name: one for name, one in rows.items()}
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


def _limits(facts: RunFacts, test: Measured) -> str:
    none = 'It has no way to say "none of these".'
    if isinstance(test, LabelMetrics):
        none = '"None of the classes" says that it finds none of them probable, and nothing more.'
    elif _tells_unknown(facts):
        none = (
            '"Unknown" was tried on pictures made from the known ones; what is really shown to it'
            " may be harder to tell."
        )
    remarks = "".join(f"\n- {_plain(remark)}" for remark in test.remarks)
    return f"""## Limits

- The figures hold for pictures taken as those of {_plain(facts.data.name)} were; other cameras, \
places and times can do worse.
- Blur, darkness, damage and deliberate attack were not tried.
- {none}{remarks}"""


def _tells_unknown(facts: RunFacts) -> bool:
    return facts.bundle is not None and facts.bundle.tells_unknown


def _plain(text: str) -> str:
    """`text` so that a page made from the Markdown shows it letter by letter, on one line.

    HTML's characters become entities and Markdown's get a backslash, except an underscore inside
    a word, which means nothing there and would only make file names hard to read.
    """
    line = " ".join(text.split())
    entities = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[\\`*\[\]|#~$]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", entities)
