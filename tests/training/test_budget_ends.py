"""What a run with a budget says of its end, in the loop and in the report's facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_loop import SteadyClock, digits, fit  # noqa: F401 - a fixture is imported to be used
