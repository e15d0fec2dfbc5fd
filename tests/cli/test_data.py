"""`linnaeus data export`, as a user calls it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from command_line import linnaeus
from linnaeus.data.sources import load_dataset


def test_a_folder_is_exported_and_audited(photo_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    done = linnaeus("data", "export", photo_folder, "--to", "webdataset", "--out", out)
    assert done.code == 0, done.err
    assert f"Written: {out} (36 pictures)" in done.out
    assert load_dataset(out).counts() == load_dataset(photo_folder).counts()
    audited = linnaeus("audit", out)
    assert audited.code == 0, audited.err
    assert "36 pictures of 3 classes" in audited.out


def test_tables_labels_and_columns_are_named_on_the_command_line(
    photo_folder: Path, tmp_path: Path
) -> None:
    rows = [
        f"{path},{n % 2},{(n + 1) % 2}" for n, path in enumerate(load_dataset(photo_folder).paths)
    ]
    table = tmp_path / "flags.csv"
    table.write_text("\n".join(["file,wet,dry", *rows]))
    options = ["--table", table, "--label-column", "wet", "--label-column", "dry"]
    done = linnaeus("audit", photo_folder, *options)
    assert "36 pictures of 2 classes" in done.out
    assert "Labels are those of wet, dry" in done.out


def test_parquet_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    code = "import sys; sys.modules['pyarrow'] = None\nfrom linnaeus.cli.main import main; main()"
    command = [sys.executable, "-c", code, "audit", str(tmp_path / "t.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert 'pip install "linnaeus[data]"' in done.stderr
