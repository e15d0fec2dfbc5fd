"""Certifying: how far pictures may be changed without changing a bundle's smoothed answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linnaeus.bundle.load import load
from linnaeus.data.dataset import Dataset
from linnaeus.errors import UsageError
from linnaeus.evaluation.figure import Figure
from linnaeus.evaluation.in_100 import between, in_100, times
from linnaeus.evaluation.intervals import share_figure
from linnaeus.files import check_unused, whole_folder, write_json, write_whole
from linnaeus.progress import Progress
from linnaeus.robustness.defences.smoothing import ALPHA, FIRST_DRAWS, Certificate, Smoothed
from linnaeus.robustness.judged_pictures import JudgedPictures, pictures_of
from linnaeus.robustness.standing import keep_with_run

if TYPE_CHECKING:
    from linnaeus.models.reopened import Reopened

__all__ = ["Certified", "CertifiedPicture", "certify_bundle"]

STEPS_OF_NOISE = 0.5  # between the radii of the table
LEAST_DRAWS = 10  # fewer cannot certify anything: 0.001 ** (1 / 9) is below one half
INSIDE = 0.999  # of a radius: what lies on it is not within


@dataclass(frozen=True)
class CertifiedPicture:
    """A picture, its class, and the smoothed answer ("": it abstains) with its certified radius."""

    name: str
    label: str
    answer: str
    radius: float


@dataclass(frozen=True)
class Certified:
    """What smoothing with `noise` and `draws` copies came to.

    `clean`: accuracy without it. `by_radius`: how many pictures are named rightly with a certified
    radius of at least so much, rising from 0. `abstained`: how many got no answer. `attacked`: how
    many certificates were attacked inside their radius, and `broken` how many answers changed; None
    where that was not asked. `side`: how many levels a picture has. `unread`: {picture: why it
    could not be read}.
    """

    name: str
    noise: float
    draws: int
    side: int
    clean: Figure
    abstained: Figure
    by_radius: tuple[tuple[float, Figure], ...]
    pictures: tuple[CertifiedPicture, ...]
    remarks: tuple[str, ...]
    unread: Mapping[str, str]
    attacked: int | None = None
    broken: int | None = None

    def levels(self, radius: float) -> float:
        """By how many of 255 every level changes, where a change of length `radius` is even."""
        return 255 * radius / float(np.sqrt(self.side))

    @property
    def in_plain_words(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        right = self.by_radius[0][1]
        radius, far = next(
            (one for one in self.by_radius if one[0] >= self.noise), self.by_radius[-1]
        )
        proven = (
            f"For {in_100(far.value)} in 100 ({between(far)}) it is proven that no change shorter"
            f" than {radius:.3g} alters the right answer: every level by {self.levels(radius):.1f}"
            " of 255, or a few by more."
        )
        answer = (
            f"Right {times(right.value)} in 100 ({between(right)}) by the most frequent answer to"
            f" {self.draws:,} noisy copies of each picture, {in_100(self.clean.value)} without."
        )
        words = [answer, proven]
        if right.value < self.clean.value - 0.1:
            words.append(
                "Noise costs it more than ten points. A network that has learnt from noisy pictures"
                f" stands it better: train with --set network.adversary=noise --set"
                f" network.adversary_eps={self.noise:g}."
            )
        if self.broken is not None:
            words.append(
                f"Of {self.attacked:,} proofs that were attacked, {self.broken:,} did not hold."
            )
        return tuple(words)

    def to_json(self) -> dict[str, Any]:
        """Every figure as plain values."""
        return {
            "bundle": self.name,
            "noise": self.noise,
            "draws": self.draws,
            "draws_to_choose": FIRST_DRAWS,
            "alpha": ALPHA,
            "clean": self.clean.to_json(),
            "abstained": self.abstained.to_json(),
            "by_radius": [
                {"radius": radius, "certified": figure.to_json()}
                for radius, figure in self.by_radius
            ],
            "attacked": self.attacked,
            "broken": self.broken,
            "pictures": [
                {"id": one.name, "true": one.label, "said": one.answer, "radius": one.radius}
                for one in self.pictures
            ],
            "in_plain_words": self.in_plain_words,
            "remarks": self.remarks,
            "unread": dict(self.unread),
        }


def certify_bundle(
    bundle: Path,
    dataset: Dataset,
    *,
    noise: float,
    draws: int,
    limit: int,
    check: bool,
    seed: int,
    out: Path | None,
    progress: Progress,
) -> Certified:
    """Certify the smoothed answers of `bundle` for pictures of `dataset`, chosen as `stress_bundle`
    does.

    `noise`: the deviation, a share of the range of levels. `check`: attack every certified picture
    inside its radius, which needs torch. Writes index.html and certify.json to the new folder
    `out`, and keeps what was found in the run that the bundle is of, see `keep_with_run`. The
    bundle answers `draws` + 100 times a picture, and as often again for `check`.

    Raises UsageError for what cannot be meant, with `check` BundleError where the bundle holds no
    network that PyTorch can be given, and as `stress_bundle` does.
    """
    if out is not None:
        check_unused(out)
    _check_asked(noise, draws)
    classifier = load(bundle)
    network = _reopened(bundle) if check else None
    (given,) = pictures_of([(Path(bundle), classifier)], dataset, limit, seed, progress)
    smoothed = Smoothed(classifier, noise, seed)
    found = []
    with progress.stage("Certifying", len(given.labels)) as stage:
        for index, picture in enumerate(given.pixels):
            found.append(smoothed.certify(picture, draws, index))
            stage.advance(1, f"{sum(one.answer >= 0 for one in found):,} with a radius")
    broken = None
    if network is not None:
        broken = _broken(network, smoothed, given, found, draws, progress)
    answers = classifier.knowing(None).predict_pixels(given.pixels)
    named = np.array([one.likeliest for one in answers])
    names = classifier.classes
    done = Certified(
        name=str(bundle),
        noise=noise,
        draws=draws,
        side=given.pixels[0].size,
        clean=share_figure(int((named == given.labels).sum()), len(named)),
        abstained=share_figure(sum(one.answer < 0 for one in found), len(found)),
        by_radius=_by_radius(found, given.labels, noise, smoothed.farthest(draws)),
        pictures=tuple(
            CertifiedPicture(
                name, names[label], names[one.answer] if one.answer >= 0 else "", one.radius
            )
            for name, label, one in zip(given.names, given.labels, found, strict=True)
        ),
        remarks=given.remarks,
        unread=given.unread,
        attacked=sum(one.answer >= 0 for one in found) if check else None,
        broken=broken,
    )
    if out is not None:
        _write(done, out)
    keep_with_run(Path(bundle), "certify", done.to_json(), progress)
    return done


def _check_asked(noise: float, draws: int) -> None:
    if not 0 < noise <= 4:
        raise UsageError(
            f"{noise:g} is no deviation of noise",
            where="--noise",
            mend="Give one above 0, such as 0.25 of the range of levels.",
        )
    if draws < LEAST_DRAWS:
        raise UsageError(
            f"{draws} copies can certify nothing",
            where="--draws",
            mend=f"Give {LEAST_DRAWS} or more, such as 1000.",
        )


def _reopened(bundle: Path) -> Reopened:
    from linnaeus.models.reopened import reopen  # loads torch

    return reopen(bundle)


def _by_radius(
    found: list[Certificate], labels: NDArray[np.int64], noise: float, farthest: float
) -> tuple[tuple[float, Figure], ...]:
    """How many are right with at least so large a radius, in steps of half the noise."""
    right = np.array([one.answer for one in found]) == labels
    radii = np.array([one.radius for one in found])
    steps = np.arange(0, farthest, STEPS_OF_NOISE * noise)
    counts = [(float(step), int((right & (radii >= step)).sum())) for step in steps]
    return tuple((step, share_figure(count, len(found))) for step, count in counts)


def _broken(
    network: Reopened,
    smoothed: Smoothed,
    given: JudgedPictures,
    found: list[Certificate],
    draws: int,
    progress: Progress,
) -> int:
    """How many smoothed answers another class's took the place of, attacked within the radius."""
    from linnaeus.robustness.attacking_proofs import attacked_proofs

    rows = [row for row, one in enumerate(found) if one.answer >= 0]
    certified = [found[row] for row in rows]
    count = 0
    with progress.stage("Attacking what is proven", len(rows)) as stage:
        changed = attacked_proofs(
            network,
            given.pixels[rows],
            np.array([one.answer for one in certified], np.int64),
            INSIDE * np.array([one.radius for one in certified]),
            noise=smoothed.noise,
            seed=smoothed.seed,
        )
        for row, one, picture in zip(rows, certified, changed, strict=True):
            answer = smoothed.answer(picture, draws, row)
            count += answer not in (one.answer, -1)
            stage.advance(1, f"{count:,} broken")
    return count


def _write(done: Certified, out: Path) -> None:
    from linnaeus.robustness.certify_page import certify_page

    with whole_folder(out) as aside:
        write_json(aside / "certify.json", done.to_json())
        write_whole(aside / "index.html", certify_page(done))
