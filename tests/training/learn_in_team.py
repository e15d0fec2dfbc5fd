"""A program for `torchrun`: learns digits in float64 twice and prints what process 0 has seen.

In float64, so that roundings stay small enough to be told from mistakes.
"""

import json

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from linnaeus.models.cnn import small_cnn
from linnaeus.models.normalise import Normalise
from linnaeus.progress import Quiet
from linnaeus.training.clock import Clock
from linnaeus.training.loop import TrainingPlan, fit_network
from linnaeus.training.team import joined_team

data = load_digits()
pixels = np.repeat(np.rint(data.images * 255 / 16).astype(np.uint8)[..., None], 3, axis=3)
labels = data.target.astype(np.int64)
torch.set_num_threads(1)


def curve(body, team, **choices):
    torch.manual_seed(0)
    network = nn.Sequential(Normalise.measured_on(pixels[:200]), body()).double()
    fitted = fit_network(
        network,
        pixels[:200],
        labels[:200],
        (pixels[1600:], labels[1600:]),
        plan=TrainingPlan(epochs=2, batch_size=20, precision="float32", **choices),
        clock=Clock(),
        progress=Quiet(),
        team=team,
    )
    return [
        [row.train_loss, row.validation_loss, row.validation_accuracy] for row in fitted.history
    ]


def normalised():
    return small_cnn(10, 8, 8, width=0.25)


def plain():
    convolution = nn.Conv2d(3, 8, 3, bias=False)
    return nn.Sequential(convolution, nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 10))


if __name__ == "__main__":
    with joined_team() as team:
        curves = {
            "normalised": curve(normalised, team, clip_norm=1.0, averaging="swa", average_from=0.5),
            "in parts": curve(plain, team, accumulate=5),
        }
    if team.leads:
        print(json.dumps({"processes": team.size, "curves": curves}))
