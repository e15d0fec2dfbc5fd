"""The report page as readers meet it: as a file, on a phone, without JavaScript, in the dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from answers import answers_of, random_answers
from PIL import Image

from linnaeus.bundle.predictions import Predictions
from linnaeus.errors import WriteError
from linnaeus.evaluation.facts import DataFacts, RunFacts
from linnaeus.evaluation.metrics import measure
from linnaeus.evaluation.plain_words import plain_words
from linnaeus.evaluation.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
CONTRAST_AA = 4.5
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ 7 * 7 }} & 'quotes' “curly”",
    "زجاج",
    "🥛 Glas",
    "Donaudampfschifffahrtsgesellschaftskapitaenswitwe" * 4,
)


class _Contents(HTMLParser):
    """The tags, attributes and visible words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data


def write(
    folder: Path,
    answers: Predictions,
    facts: RunFacts,
    picture_of: Callable[[str], Image.Image | None] = lambda _: None,
    **how: Any,
) -> Path:
    """The path of the page of a report on `answers`."""
    metrics = measure(answers, resamples=100, **how)
    return write_report(
        folder / "report", facts, answers, metrics, validation=None, picture_of=picture_of
    )


def facts_of(full: RunFacts, answers: Predictions) -> RunFacts:
    """The facts of a training on the classes of `answers`."""
    counts = {split: [9] * len(answers.classes) for split in ("train", "validation", "test")}
    return replace(full, data=replace(full.data, classes=answers.classes, counts=counts))


def six_classes(classes: tuple[str, ...]) -> Predictions:
    """An ordinary result on six classes of 40 pictures each."""
    answers = random_answers(0, 240, 6, skill=2.0)
    return replace(answers, classes=classes)


@pytest.fixture
def photograph_of(photographs: dict[str, dict[str, bytes]]) -> Callable[[str], Image.Image]:
    """A function that gives a photograph for any id."""
    contents = [content for files in photographs.values() for content in files.values()]
    return lambda name: Image.open(io.BytesIO(contents[len(name) % len(contents)]))


@pytest.fixture
def ordinary(
    tmp_path: Path, full_facts: RunFacts, photograph_of: Callable[[str], Image.Image]
) -> Path:
    """The page of an ordinary result, with photographs of its mistakes."""
    answers = six_classes(("cardboard", "glass", "metal", "paper", "plastic", "trash"))
    return write(tmp_path, answers, facts_of(full_facts, answers), photograph_of)


@pytest.fixture
def hostile(tmp_path: Path, full_facts: RunFacts) -> Path:
    """The page of classes and files that are named to break it."""
    answers = six_classes(HOSTILE)
    paths = tuple(f"{HOSTILE[i % 6]}/{i}.jpg" for i in range(len(answers)))
    facts = facts_of(full_facts, answers)
    data = replace(
        facts.data,
        name=HOSTILE[0],
        left_out=dict.fromkeys(HOSTILE, HOSTILE[1]),
        unreadable={HOSTILE[0]: HOSTILE[1], "caf\udce9.jpg": "the file is empty"},
        remarks=(f"The class “{HOSTILE[0]}” is small.",),
    )
    recipe, commands = {"weights": HOSTILE[0]}, (f"linnaeus predict '{HOSTILE[0]}'",)
    facts = replace(facts, title=HOSTILE[1], data=data, recipe=recipe, commands=commands)
    return write(tmp_path, replace(answers, ids=paths), facts)


@pytest.fixture
def hundred_classes(tmp_path: Path, full_facts: RunFacts) -> Path:
    """The page of 100 classes, 5,000 pictures left out, and mistakes that do not compress."""
    answers = random_answers(0, 2000, 100, skill=2.5)
    random = np.random.default_rng(0)
    facts = facts_of(full_facts, answers)
    left_out = {f"folder/{i}.jpg": f"the same pixels as {i}.png" for i in range(5000)}
    facts = replace(facts, data=replace(facts.data, left_out=left_out))
    noise = random.integers(0, 256, (900, 1200, 3), np.uint8)
    return write(tmp_path, answers, facts, lambda _: Image.fromarray(noise))


def test_it_opens_with_the_answer(ordinary: Path) -> None:
    page = ordinary.read_text("utf-8")
    answers = six_classes(("cardboard", "glass", "metal", "paper", "plastic", "trash"))
    sentences = plain_words(measure(answers, resamples=100))
    words = _Contents(page).words
    places = [words.index(sentence) for sentence in sentences]
    assert places == sorted(places)
    assert places[-1] < words.index("Where it fails")
    assert len(words[: places[0]].split()) < 12


@pytest.mark.parametrize("kind", ["ordinary", "hostile", "hundred_classes"])
def test_it_needs_nothing_but_itself(kind: str, request: pytest.FixtureRequest) -> None:
    contents = _Contents(request.getfixturevalue(kind).read_text("utf-8"))
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(contents.tags)
    for name, value in contents.attributes:
        assert not name.startswith("on")
        if name in {"src", "srcset", "data", "poster", "action"}:
            assert value.startswith("data:image/")
        if name in {"href", "xlink:href"}:
            assert value.startswith("#")
    style = re.search(
        r"<style>(.*)</style>", request.getfixturevalue(kind).read_text("utf-8"), re.S
    )
    assert style
    assert not re.search(r"url\(|@import|https?:", style[1])


def test_hostile_names_are_shown_and_do_nothing(hostile: Path) -> None:
    page = hostile.read_text("utf-8")
    contents = _Contents(page)
    for name in HOSTILE:
        assert name in contents.words
    assert "img" not in contents.tags
    assert r"caf\udce9.jpg" in contents.words


def test_a_hundred_classes_stay_below_two_megabytes(hundred_classes: Path) -> None:
    assert hundred_classes.stat().st_size < 2_000_000
    assert "and 4,800 more, named in metrics.json" in _Contents(hundred_classes.read_text()).words


@pytest.mark.slow
def test_a_thousand_classes_stay_readable(tmp_path: Path, full_facts: RunFacts) -> None:
    answers = random_answers(0, 3000, 1000, skill=3.0)
    page = write(tmp_path, answers, facts_of(full_facts, answers)).read_text("utf-8")
    assert "1,000 classes are too many to draw" in page
    assert len(page) < 2_000_000


def test_unread_and_left_out_pictures_are_named_with_reasons(ordinary: Path) -> None:
    words = _Contents(ordinary.read_text("utf-8")).words
    assert "Files that could not be read: 1" in words
    assert "broken.jpg: the file is empty" in words
    assert "Files that were left out: 1" in words
    assert "copy.jpg: the same pixels as first.jpg" in words


def test_pictures_that_were_not_judged_are_counted(tmp_path: Path, full_facts: RunFacts) -> None:
    answers = random_answers(0, 60, 3)
    probabilities, labels = answers.probabilities.copy(), answers.labels.copy()
    probabilities[:3], labels[10:15] = np.nan, -1
    errors = dict.fromkeys(range(3), "the file is empty")
    answers = replace(answers, probabilities=probabilities, labels=labels, row_errors=errors)
    words = _Contents(write(tmp_path, answers, facts_of(full_facts, answers)).read_text()).words
    assert "3 could not be read, 5 without a label that the classifier knows" in words
    assert "52 pictures judged" in words


def test_a_worthless_classifier_is_called_so_at_the_top(
    tmp_path: Path, full_facts: RunFacts
) -> None:
    answers = answers_of([[5, 30, 5]] * 3, ("glass", "paper", "plastic"))
    page = write(tmp_path, answers, facts_of(full_facts, answers)).read_text("utf-8")
    alarm = re.search(r'<p class="alarm" role="note">(.*?)</p>', page)
    assert alarm
    assert "no better than always answering" in _Contents(alarm[1]).words


def test_the_surest_mistakes_are_shown_with_truth_and_answer(ordinary: Path) -> None:
    answers = six_classes(("cardboard", "glass", "metal", "paper", "plastic", "trash"))
    said = answers.probabilities.argmax(axis=1)
    sure = np.where(said != answers.labels, answers.probabilities.max(axis=1), 0)
    words = " ".join(_Contents(ordinary.read_text("utf-8")).words.split())
    place = 0
    for at in np.argsort(-sure)[:12]:
        true, answer = answers.classes[answers.labels[at]], answers.classes[said[at]]
        place = words.index(f"{true}, taken for {answer} with {sure[at] * 100:.1f}", place)


def test_a_headline_figure_stands_with_its_interval(ordinary: Path) -> None:
    words = _Contents(ordinary.read_text("utf-8")).words.replace("\u202f", " ")
    card = words[words.index("Accuracy") : words.index("Balanced accuracy")]
    assert re.search(r"72\.1 %\s+between 66\.1 and 77\.4 %\s+of all pictures", card)


def test_a_bare_evaluation_makes_a_page_too(tmp_path: Path) -> None:
    answers = answers_of([[20, 0], [0, 20]], ("cat", "dog"))
    facts = RunFacts("pets", "2026-01-02", "0.1.0", DataFacts("pets", "00", 40, ("cat", "dog")))
    words = _Contents(write(tmp_path, answers, facts).read_text("utf-8")).words
    assert "No mistake in 40 pictures" in words
    assert "How it learned" not in words
    assert "Use it again" not in words


def test_both_files_or_neither(tmp_path: Path, full_facts: RunFacts) -> None:
    def broken(_: str) -> Image.Image:
        raise RuntimeError("the disk is gone")

    answers = six_classes(HOSTILE)
    with pytest.raises(RuntimeError):
        write(tmp_path, answers, facts_of(full_facts, answers), broken)
    assert not list(tmp_path.iterdir())
    write(tmp_path, answers, facts_of(full_facts, answers))
    assert sorted(f.name for f in (tmp_path / "report").iterdir()) == ["index.html", "metrics.json"]
    with pytest.raises(WriteError, match="already exists"):
        write(tmp_path, answers, facts_of(full_facts, answers))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., tuple[Page, list[str]]]]:
    """A function that opens a page, and gives it with the list of all that it complains or asks."""
    contexts = []

    def open_page(path: Path, **how: Any) -> tuple[Page, list[str]]:
        context = browser.new_context(**{"viewport": DESK, **how})
        contexts.append(context)
        page, heard = context.new_page(), []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.on("request", lambda asked: heard.append(asked.url))
        page.goto(path.as_uri())
        asked = [line for line in heard if not line.startswith("data:") and line != path.as_uri()]
        return page, asked

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("kind", ["ordinary", "hostile", "hundred_classes"])
def test_on_a_phone_only_wide_tables_scroll_sideways(
    kind: str, request: pytest.FixtureRequest, opened: Callable[..., tuple[Page, list[str]]]
) -> None:
    page, heard = opened(request.getfixturevalue(kind), viewport=PHONE)
    assert heard == []
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.body.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("kind", ["ordinary", "hostile", "hundred_classes"])
def test_on_a_desk_nothing_is_wider_than_the_window(
    kind: str, request: pytest.FixtureRequest, opened: Callable[..., tuple[Page, list[str]]]
) -> None:
    page, heard = opened(request.getfixturevalue(kind))
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") == DESK["width"]


def test_it_reads_well_without_javascript(
    ordinary: Path, opened: Callable[..., tuple[Page, list[str]]]
) -> None:
    page, heard = opened(ordinary, java_script_enabled=False)
    assert heard == []
    assert page.locator(".answer").inner_text().startswith("Right ")
    for section in ("fails", "classes", "sure", "data", "training", "limits", "again"):
        assert page.locator(f"#{section} h2").is_visible()
    assert page.locator("#fails img").count() == 12
    page.locator("summary", has_text="Files that could not be read").click()
    assert page.get_by_text("broken.jpg").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_in_dark(
    ordinary: Path, scheme: str, opened: Callable[..., tuple[Page, list[str]]]
) -> None:
    page, heard = opened(ordinary, color_scheme=scheme)
    assert heard == []
    paper = _colour(page, "body", "backgroundColor")
    assert (_luminance(paper) > 0.5) == (scheme == "light")
    for chosen in ("body", ".answer", ".plain", ".expert", "nav a", ".said", "thead th", ".brand"):
        assert _contrast(_colour(page, chosen, "color"), paper) >= CONTRAST_AA, chosen
    card = _colour(page, ".card", "backgroundColor")
    for chosen in (".card .number", ".card p"):
        assert _contrast(_colour(page, chosen, "color"), card) >= CONTRAST_AA, chosen
    for cell in page.locator(".confusion td").all():
        text, under = (
            cell.evaluate(f"c => getComputedStyle(c).{p}") for p in ("color", "background")
        )
        assert _contrast(_rgb(text), _rgb(under)) >= CONTRAST_AA, cell.inner_text()


def test_it_can_be_printed(ordinary: Path, opened: Callable[..., tuple[Page, list[str]]]) -> None:
    page, _ = opened(ordinary)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    page.emulate_media(media="print", color_scheme="dark")
    assert _colour(page, "body", "backgroundColor") == (255, 255, 255)


def _colour(page: Page, selector: str, prop: str) -> tuple[float, ...]:
    return _rgb(page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{prop}"))


def _rgb(css: str) -> tuple[float, ...]:
    """The red, green and blue of a computed colour, 0 to 255."""
    if shares := re.search(r"color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)", css):
        return tuple(float(share) * 255 for share in shares.groups())
    found = re.search(r"rgba?\(([\d.]+), ([\d.]+), ([\d.]+)", css)
    assert found, css
    return tuple(map(float, found.groups()))


def _luminance(colour: tuple[float, ...]) -> float:
    """By WCAG 2.2, 0 to 1."""
    parts = (c / 255 for c in colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """By WCAG 2.2, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)
