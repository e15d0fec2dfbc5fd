"""Ultralytics' yolo11n-cls from scratch at 32 px, with its own defaults for everything else.

    python with_ultralytics.py FOLDER --epochs 3 --log FILE

FOLDER holds train/ and test/ with a folder a class. Started by run.py in an environment of its own:
Ultralytics is under the AGPL, and nothing of Linnaeus imports it.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from curve import THREADS, Curve, arguments
from ultralytics import YOLO

BATCH = 128  # its default of 16 takes four times as long for a pass
WORKERS = 2


def main() -> None:
    """Train once."""
    asked = arguments(default_epochs=3)
    torch.set_num_threads(THREADS)
    curve = Curve("ultralytics yolo11n-cls", asked.epochs, asked.log)
    trained: dict[str, Any] = {}

    def epoch_trained(trainer: Any) -> None:
        trained["seconds"] = curve.seconds()
        trained["pause"] = curve.paused()
        trained["pause"].__enter__()

    def epoch_judged(trainer: Any) -> None:
        if "pause" not in trained:  # it judges its best weights once more when all is done
            return
        trained.pop("pause").__exit__(None, None, None)
        right = trainer.metrics["metrics/accuracy_top1"]
        curve.note(trainer.epoch + 1, trained["seconds"], right)

    model = YOLO("yolo11n-cls.yaml", task="classify")
    model.add_callback("on_train_epoch_end", epoch_trained)
    model.add_callback("on_fit_epoch_end", epoch_judged)
    with TemporaryDirectory() as folder:
        model.train(
            data=str(Path(asked.data).resolve()),
            imgsz=32,
            epochs=asked.epochs,
            batch=BATCH,
            workers=WORKERS,
            pretrained=False,
            device="cpu",
            amp=False,
            plots=False,
            project=folder,
        )


if __name__ == "__main__":
    main()
