"""The page of the server, in a real browser: what a colleague with a picture meets."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import Running, running

import linnaeus
from linnaeus.images.decode import decode
from linnaeus.training.run import Run

pytest.importorskip("fastapi")
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

WIDTH_PX = 360
SLOW_MS = 60_000  # on a busy machine

GIVE = """([how, kind, content, name]) => {
    const given = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    given.items.add(new File([bytes], name));
    const event = how === "drop"
        ? new DragEvent("drop", {dataTransfer: given, bubbles: true, cancelable: true})
        : new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true});
    document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def picture(
    some_digits: linnaeus.Dataset, digits_run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A digit of 8 × 8 pixels that the bundle does not call unknown."""
    classifier = linnaeus.load(digits_run.bundle)
    file = tmp_path_factory.mktemp("pictures") / "digit.png"
    for path in some_digits.paths[::50]:
        decode(some_digits.source.read(path)).image.save(file)
        if not classifier.predict(file)[0].unknown:
            break
    return file


@pytest.fixture(scope="module")
def server(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One bundle under two names, so that there is a choice."""
    folder = tmp_path_factory.mktemp("page")
    models = (f"digits={digits_run.folder}", f"others={digits_run.folder}")
    with running(folder, *models, "--workers", "1", "--deadline", "60") as one:
        yield one


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium: the one that is installed, or else playwright's own."""
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--use-fake-device-for-media-stream"],
            )
        except playwright.Error as reason:
            pytest.skip(f"no Chromium can be started: {str(reason).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, server: Running) -> Iterator[Any]:
    """The page, open as on a phone. All that it asks for has to come from its own host, and
    nothing on it may break the policy that it is sent with."""
    context = chromium.new_context(viewport={"width": WIDTH_PX, "height": 740})
    page = context.new_page()
    page.set_default_timeout(SLOW_MS)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if of_page(message) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(server.url)
    expect(page.locator("#about")).to_contain_text("classes apart", timeout=SLOW_MS)
    yield page
    context.close()
    elsewhere = [url for url in asked if not url.startswith((server.url, "blob:", "data:"))]
    assert elsewhere == []
    assert said == []


def of_page(message: Any) -> bool:
    """Whether the page itself is at fault; a refusal of the server is told to the console too."""
    return message.type == "error" and "status of" not in message.text


def give(page: Any, how: str, content: bytes, name: str = "digit.png") -> None:
    page.evaluate(GIVE, [how, "image/png", base64.b64encode(content).decode(), name])


def answered(page: Any) -> str:
    expect(page.locator("#answered-by")).to_contain_text("Answered by", timeout=SLOW_MS)
    return str(page.locator("#label").inner_text())


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_that_is_given_is_answered_as_by_the_library(
    page: Any, how: str, picture: Path, digits_run: Run
) -> None:
    give(page, how, picture.read_bytes())
    (known,) = linnaeus.load(digits_run.bundle).predict(picture)
    assert answered(page) == known.label
    first = page.locator("#bars li").first
    expect(first.locator("b")).to_have_text(known.label)
    expect(first.locator(".share")).to_have_text(f"{known.confidence * 100:.1f}\u202f%")
    assert page.locator("#shown").evaluate("one => one.naturalWidth") == 8
    assert page.locator("#live").inner_text().startswith(f"{known.label}. ")
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH_PX


def test_the_label_set_is_shown_and_answers_can_be_withheld(page: Any, picture: Path) -> None:
    page.locator("#file").set_input_files(picture)
    page.select_option("#max-error", "0.01")
    expect(page.locator("#label")).to_have_text("Withheld", timeout=SLOW_MS)
    page.select_option("#max-error", "")
    expect(page.locator("#label")).not_to_have_text("Withheld", timeout=SLOW_MS)
    expect(page.locator("#set")).to_contain_text("in 90 of 100 pictures")
    page.select_option("#coverage", "")
    expect(page.locator("#set")).to_be_hidden(timeout=SLOW_MS)


def test_what_cannot_be_read_is_said_in_the_server_s_own_sentence(
    page: Any, server: Running
) -> None:
    said = server.predict(b"no picture", query="?model=digits").json["detail"]
    give(page, "drop", b"no picture", "letter.jpg")
    expect(page.locator("#fault")).to_have_text(said, timeout=SLOW_MS)
    expect(page.locator("#result")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH_PX


def test_the_explanation_lies_over_the_picture_as_strong_as_one_likes(
    page: Any, picture: Path
) -> None:
    give(page, "drop", picture.read_bytes())
    answered(page)
    page.select_option("#method", "superpixels")
    page.locator("#explain").press("Enter")
    overlay = page.locator("#overlay")
    expect(overlay).to_be_visible(timeout=SLOW_MS)
    assert overlay.bounding_box() == pytest.approx(page.locator("#shown").bounding_box(), abs=2)
    page.locator("#opacity").fill("20")
    expect(overlay).to_have_css("opacity", "0.2")
    expect(page.locator("#explained-words")).to_contain_text("Bright places speak most for")
    page.select_option("#model", "others")
    expect(overlay).to_be_hidden(timeout=SLOW_MS)
    expect(page.locator("#answered-by")).to_contain_text("others, version 1", timeout=SLOW_MS)


def test_a_picture_that_the_browser_cannot_show_is_answered_and_explained_all_the_same(
    page: Any, picture: Path, tmp_path: Path
) -> None:
    decode(picture).image.save(tmp_path / "digit.tif")
    give(page, "drop", (tmp_path / "digit.tif").read_bytes(), "digit.tif")
    answered(page)
    expect(page.locator("#not-shown")).to_be_visible()
    page.locator("#explain").click()
    expect(page.locator("#overlay")).to_be_visible(timeout=SLOW_MS)


def test_the_calls_that_are_shown_can_be_made(page: Any, picture: Path, tmp_path: Path) -> None:
    name = """it's a "digit"; \\ (1) é.png"""
    shutil.copy(picture, tmp_path / name)
    give(page, "drop", picture.read_bytes(), name)
    label = answered(page)
    code = page.locator("#python").inner_text()
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().strip() == label
    if shutil.which("curl"):
        line = page.locator("#curl").inner_text()
        done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=True)
        assert f'"label": "{label}"'.encode() in done.stdout


def test_the_camera_gives_a_picture_where_the_browser_allows_it(page: Any, server: Running) -> None:
    page.context.grant_permissions(["camera"], origin=server.url)
    page.locator("#camera").click()
    expect(page.locator("#shoot")).to_be_focused(timeout=SLOW_MS)
    page.locator("#shoot").click()
    answered(page)
    expect(page.locator("#caption")).to_have_text("photo.jpg")
    expect(page.locator("#live-camera")).to_be_hidden()


def test_the_page_asks_for_a_key_and_keeps_it_in_its_tab_alone(
    chromium: Any, digits_run: Run, picture: Path, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    key = linnaeus.add_key("page", scopes=["predict"], keys=keys)
    with running(tmp_path, digits_run.folder, "--keys", keys, "--workers", "1") as server:
        page = chromium.new_page()
        page.set_default_timeout(SLOW_MS)
        page.goto(server.url)
        expect(page.locator("#key")).to_be_focused(timeout=SLOW_MS)
        expect(page.locator("#calls")).to_be_hidden()
        page.locator("#key").fill("ключ")
        page.locator("#key").press("Enter")
        expect(page.locator("#fault")).to_contain_text("This is no key", timeout=SLOW_MS)
        expect(page.locator("#key")).to_be_focused()
        page.locator("#key").fill("lin_wrong")
        page.locator("#key").press("Enter")
        expect(page.locator("#fault")).to_contain_text("not known here", timeout=SLOW_MS)
        page.locator("#key").fill(key)
        page.locator("#key").press("Enter")
        expect(page.locator("#key-form")).to_be_hidden(timeout=SLOW_MS)
        page.locator("#file").set_input_files(picture)
        answered(page)
        assert key not in page.content()
        assert "Authorization: Bearer $LINNAEUS_KEY" in page.locator("#curl").inner_text()
        page.locator("#explain").click()
        expect(page.locator("#fault")).to_contain_text('this needs "explain"', timeout=SLOW_MS)
        assert page.evaluate("Object.values(sessionStorage)") == [key]
        assert page.evaluate("localStorage.length + document.cookie.length") == 0
        page.close()


def test_the_page_is_sent_with_a_policy_that_lets_nothing_else_in(server: Running) -> None:
    told = server.get("/")
    policy = told.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    text = told.body.decode()
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=|https?://", text)
    for part in re.findall(r'(?:src|href)="(page/[^"]+)"', text):
        sent = server.get(f"/{part}")
        assert (sent.status, sent.headers["x-content-type-options"]) == (200, "nosniff")
    assert (server.call("HEAD", "/").status, server.call("HEAD", "/").body) == (200, b"")
    assert server.get("/page/page.py").status == 404
    assert server.get("/page/..%2Fapp.py").status == 404
