"""Class names that are one name written twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from trees import png, write_tree

from linnaeus import load_dataset
from linnaeus.data.audit import audit
from linnaeus.data.findings import Finding
from linnaeus.data.scan import scan


def found(folder: Path, *names: str) -> list[Finding]:
    """The findings about the names, of a table of three pictures a class, four of the first."""
    rows, files = ["image,label"], {}
    for place, name in enumerate(names):
        for number in range(4 if place == 0 else 3):
            files[f"{place}-{number}.png"] = png(10 * place + number)
            rows.append(f'{place}-{number}.png,"{name}"')
    write_tree(folder, files)
    (folder / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    dataset = load_dataset(folder / "list.csv")
    every = audit(dataset, scan(dataset)).findings
    return [one for one in every if one.kind == "similar-class-names"]


@pytest.mark.parametrize(
    "names",
    [
        ("cat", "Cat", "dog"),
        ("cat", "cats", "dog"),
        ("cherry", "Cherries", "dog"),
        ("box", "boxes", "dog"),
        ("sea lion", "sea_lion", "dog"),
        ("sea lion", "SeaLion", "dog"),
        ("café", "cafe", "dog"),
        ("cat", "\uff43\uff41\uff54", "dog"),  # in the wide letters of East Asian text
    ],
)
def test_one_name_written_twice_is_a_warning(tmp_path: Path, names: tuple[str, ...]) -> None:
    (one,) = found(tmp_path, *names)
    assert (one.severity, one.count) == ("warning", 1)
    assert all(f"'{name}'" in one.sentence for name in names[:2])
    assert [sorted(files) for files in one.files] == [["1-0.png", "1-1.png", "1-2.png"]]
    assert set(one.reasons) == {"1-0.png", "1-1.png", "1-2.png"}
    assert all(f"'{name}'" in why for name in names[:2] for why in one.reasons.values())


@pytest.mark.parametrize(
    "names",
    [("aluminum", "aluminium"), ("cardboard", "cardbaord"), ("umbrella", "umbrela")],
)
def test_a_slip_of_one_letter_is_a_note(tmp_path: Path, names: tuple[str, ...]) -> None:
    (one,) = found(tmp_path, *names, "dog")
    assert one.severity == "note"


@pytest.mark.parametrize(
    "names",
    [
        ("shirt", "skirt"),
        ("metal", "medal"),
        ("mountain", "fountain"),
        ("class 1", "class 2"),
        ("airbus-320", "airbus-330"),
        ("as", "a"),
        ("+", "-"),
        ("glass", "grass"),
    ],
)
def test_different_names_are_left_alone(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert found(tmp_path, *names, "dog") == []


def test_three_spellings_are_one_set(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "cat", "Cat", "CATS", "dog")
    assert one.count == 1
    assert len(one.files[0]) == 6
