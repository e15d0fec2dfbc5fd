"""How many pictures a request of tensors says that it holds, found without reading its JSON.

The server counts pictures before they wait, and JSON from strangers is read inside a worker alone.
So what stands behind "shape" is looked for, and a worker holds the request to it.
"""

from __future__ import annotations

import re
from itertools import islice

from linnaeus.serving.images_sent import too_many_images
from linnaeus.serving.problems import Problem

__all__ = ["images_claimed", "more_than_claimed"]

SHAPE = re.compile(rb'"shape"\s*:\s*\[\s*([0-9]{1,9})')

MOST_SHAPES = 8
"""A request has one input, and so one shape; a few more may stand among its parameters."""


def images_claimed(body: bytes, most: int) -> int:
    """The pictures in a request `body`, by its shapes: the largest first number; 1 without any.

    10 MB take 3 ms, and 30 where they were made to be slow. Raises Problem where there are more
    than `most`.
    """
    claims = [int(found[1]) for found in islice(SHAPE.finditer(body), MOST_SHAPES + 1)]
    if len(claims) > MOST_SHAPES:
        detail = f"More than {MOST_SHAPES} shapes stand in the request. Send one input with one."
        raise Problem("not-valid", detail)
    claimed = max([1, *claims])
    if claimed > most:
        raise too_many_images(most)
    return claimed


def more_than_claimed(claimed: int) -> Problem:
    """The refusal of a request that holds more pictures than could be found of it."""
    many = "one picture" if claimed == 1 else f"{claimed} pictures"
    detail = f'The request was taken for {many}. Write the number plainly: "shape": [20].'
    return Problem("not-valid", detail)
