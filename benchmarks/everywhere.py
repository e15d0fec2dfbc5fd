"""One bundle, asked everywhere: the library, the command line, the server and each export.

    python benchmarks/everywhere.py [--bundle RUN] [--data FOLDER] [--pictures 2500] [--to FORM …]

Every picture goes as a file through `linnaeus.load(…).predict`, `linnaeus predict --out`, and
`POST /predict` of `linnaeus serve`, whose probabilities must be the same bits; and through each
form of `linnaeus export`, run as its documentation says by a program that knows no more than
export.json: graphs by ONNX Runtime, OpenVINO, PyTorch, TensorFlow and LiteRT, a wheel and a
container's bundle by Python processes of their own, and Lambda's handler by one that sees no
package but those in the zip. They must give the same likeliest class for every picture, and no
probability further off than 0.001; of a bundle in whole numbers the same class for 98 %.

By default the pictures are the first of trashnet192, and the bundle a linear head on the frozen
MobileNetV2 of ../shared/weights, in float32. A form whose packages are not here is named and left
out. Ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import linnaeus
from _measuring import DATA, WEIGHTS, machine, needed, run
from _measuring import linnaeus as command
from _served import served
from linnaeus.bundle.openvino_alone import openvino_alone
from linnaeus.errors import MissingError
from linnaeus.exporting.export import TARGETS
from linnaeus.images.preprocess import Preprocessing

MOST_DIFFERENCE = 1e-3
LEAST_AGREEMENT = 0.98

Rows = NDArray[np.float32]

BY_WHEEL = """
import json, sys, numpy, {package}
files = json.load(open(sys.argv[1]))
numpy.save(sys.argv[2], {package}.predict(files).probabilities)
"""

BY_CONTAINER = """
import json, sys, numpy, linnaeus
files = json.load(open(sys.argv[1]))
numpy.save(sys.argv[2], linnaeus.load({bundle!r}).predict(files).probabilities)
"""

BY_HANDLER = """
import base64, json, sys
sys.path.insert(0, {place!r})
import lambda_function, numpy
rows = []
for file in json.load(open(sys.argv[1])):
    event = {{"body": base64.b64encode(open(file, "rb").read()).decode(), "isBase64Encoded": True}}
    answer = json.loads(lambda_function.handler(event, None)["body"])
    rows.append(list(answer["probabilities"].values()))
numpy.save(sys.argv[2], numpy.array(rows, numpy.float32))
"""

BY_TENSORFLOW = """
import sys, numpy, tensorflow
run = tensorflow.saved_model.load({place!r}).signatures["serving_default"]
pixels = numpy.load(sys.argv[1])
rows = [run(pixels=tensorflow.constant(one[None]))[{output!r}].numpy() for one in pixels]
numpy.save(sys.argv[2], numpy.concatenate(rows))
"""

BY_LITERT = """
import sys, numpy
from ai_edge_litert.interpreter import Interpreter
run = Interpreter({place!r}).get_signature_runner("serving_default")
rows = [run(pixels=one[None])["probabilities"] for one in numpy.load(sys.argv[1])]
numpy.save(sys.argv[2], numpy.concatenate(rows))
"""


def main() -> int:
    """Print the table; 1 where an answer differs by more than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=2500)
    parser.add_argument("--to", nargs="*", choices=TARGETS, default=list(TARGETS))
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        data = asked.data or _photographs(place / "photos")
        bundle = asked.bundle or _trained(data, place / "run")
        files = sorted(file for file in data.rglob("*") if file.suffix in (".jpg", ".png"))
        return _compared(bundle, files[: asked.pictures], asked.to, place)


def _compared(bundle: Path, files: Sequence[Path], targets: Sequence[str], place: Path) -> int:
    classifier = linnaeus.load(bundle)
    rows, exact = classifier.predict(files).probabilities, classifier.precision != "int8"
    print(f"\n{len(files):,} pictures, {classifier.engine} in {classifier.precision}\n")
    print("| asked | the same class | probabilities within |\n|---|---|---|")
    same = [
        _told("the command line", _by_command(bundle, files, place), rows, bits=True),
        _told("the server", _by_server(bundle, files), rows, bits=True),
    ]
    for target in targets:
        out = place / target
        try:
            linnaeus.export(bundle, target, out=out)
        except MissingError as missing:
            print(f"| {target} | not here: {missing.what} | |")
            continue
        given = FORMS[target](out, files, classifier.record.preprocessing)
        same.append(_told(target, given, rows, exact=exact))
    return int(not all(same))


def _told(what: str, given: Rows, rows: Rows, *, bits: bool = False, exact: bool = True) -> bool:
    """Print a row of the table; whether it is as it must be."""
    alike = int((given.argmax(axis=1) == rows.argmax(axis=1)).sum())
    difference = float(np.abs(given - rows).max())
    within = "the same bits" if np.array_equal(given, rows) else f"{difference:.2g}"
    print(f"| {what} | {alike:,} of {len(rows):,} | {within} |", flush=True)
    if bits:
        return bool(np.array_equal(given, rows))
    if not exact:
        return alike >= LEAST_AGREEMENT * len(rows)
    return alike == len(rows) and difference <= MOST_DIFFERENCE


def _photographs(place: Path) -> Path:
    with zipfile.ZipFile(needed(DATA / "trashnet192.zip")) as archive:
        archive.extractall(place)
    return place


def _trained(data: Path, out: Path) -> Path:
    (folder,) = {file.parent.parent for file in data.rglob("*.jpg")}
    how = ("--precision", "float32", "--set", "transfer.stages=[probe]")
    run([command(), "train", folder, "--weights", needed(WEIGHTS), *how, "--out", out])
    return out


def _by_command(bundle: Path, files: Sequence[Path], place: Path) -> Rows:
    listed, table = place / "files.txt", place / "answers.csv"
    listed.write_text("".join(f"{file}\n" for file in files), "utf-8")
    run([command(), "predict", bundle, "--files-from", listed, "--out", table])
    with table.open(encoding="utf-8", newline="") as opened:
        told = {row["image"]: _numbers(row) for row in csv.DictReader(opened)}
    return np.array([told[str(file)] for file in files], np.float32)


def _numbers(row: dict[str, str]) -> list[np.float32]:
    return [np.float32(value) for name, value in row.items() if name.startswith("p:")]


def _by_server(bundle: Path, files: Sequence[Path]) -> Rows:
    rows = []
    with served(bundle) as server:
        for file in files:
            kind = {"Content-Type": "application/octet-stream"}
            request = urllib.request.Request(f"{server.url}/predict", file.read_bytes(), kind)
            with urllib.request.urlopen(request, timeout=60) as answer:
                (told,) = json.load(answer)["predictions"]
            rows.append(list(told["probabilities"].values()))
    return np.array(rows, np.float32)


def _pixels(files: Sequence[Path], how: Preprocessing) -> NDArray[np.uint8]:
    return np.stack([how.read(file)[0] for file in files])


def _by_onnx(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    import onnxruntime

    session = onnxruntime.InferenceSession(out / "model.onnx")
    each = [session.run(None, {"pixels": one[None]})[0] for one in _pixels(files, how)]
    return np.concatenate(each)


def _by_openvino(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    openvino = openvino_alone()
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(out / "model.xml", "CPU", settings)
    return np.concatenate([np.array(model([one[None]])[0]) for one in _pixels(files, how)])


def _by_torch(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    import torch

    program = torch.export.load(out / "model.pt2").module()
    with torch.no_grad():
        each = [program(torch.from_numpy(one[None].copy())) for one in _pixels(files, how)]
    return np.asarray(torch.cat(each))


def _by_wheel(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    told = json.loads((out / "export.json").read_text("utf-8"))
    site = _unpacked(out / told["wheel"], out / "site")
    program = BY_WHEEL.format(package=told["package"])
    return _of_process([sys.executable, "-c", _finding(site, program)], [*map(str, files)], out)


def _by_container(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    told = json.loads((out / "export.json").read_text("utf-8"))
    site = _unpacked(out / told["wheel"], out / "site")
    program = BY_CONTAINER.format(bundle=str(out / "bundle"))
    return _of_process([sys.executable, "-c", _finding(site, program)], [*map(str, files)], out)


def _by_handler(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    program = BY_HANDLER.format(place=str(_unpacked(out / "function.zip", out / "function")))
    return _of_process([sys.executable, "-I", "-S", "-c", program], [*map(str, files)], out)


def _by_tensorflow(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    told = json.loads((out / "export.json").read_text("utf-8"))
    program = BY_TENSORFLOW.format(place=str(out), output=told["output"]["name"])
    return _of_process([_beside_onnx2tf(), "-c", program], _pixels(files, how), out)


def _by_litert(out: Path, files: Sequence[Path], how: Preprocessing) -> Rows:
    program = BY_LITERT.format(place=str(out / "model.tflite"))
    return _of_process([_beside_onnx2tf(), "-c", program], _pixels(files, how), out)


FORMS: dict[str, Callable[[Path, Sequence[Path], Preprocessing], Rows]] = {
    "onnx": _by_onnx,
    "openvino": _by_openvino,
    "torch": _by_torch,
    "tensorflow": _by_tensorflow,
    "litert": _by_litert,
    "docker": _by_container,
    "lambda": _by_handler,
    "wheel": _by_wheel,
}


def _unpacked(archive: Path, place: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    return place


def _finding(site: Path, program: str) -> str:
    return f"import sys; sys.path.insert(0, {str(site)!r})\n{program}"


def _beside_onnx2tf() -> str:
    return str(Path(shutil.which("onnx2tf") or "").resolve().with_name("python"))


def _of_process(process: Sequence[str], given: Any, out: Path) -> Rows:
    """What a process saves for `given`: pixels, or the paths of files."""
    taken, made = out / "given", out / "made.npy"
    if isinstance(given, np.ndarray):
        taken = taken.with_suffix(".npy")
        np.save(taken, given)
    else:
        taken.write_text(json.dumps(given), "utf-8")
    subprocess.run([*process, str(taken), str(made)], check=True, stderr=subprocess.DEVNULL)
    return np.asarray(np.load(made), np.float32)


if __name__ == "__main__":
    sys.exit(main())
