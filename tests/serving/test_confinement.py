"""What a worker may compute: so long for each picture, however much it has computed before."""

from __future__ import annotations

import signal
import subprocess
import sys

COMPUTE = """
import sys, time
from linnaeus.serving.confinement import allow_processor_time, confine

def compute(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass

confine()
for _ in range(5):
    allow_processor_time(0.6)
    compute(0.3)
print("still there", flush=True)
compute(60)
print("never ended", flush=True)
"""


def test_time_is_bounded_for_each_picture_and_not_for_all_of_them() -> None:
    command = [sys.executable, "-c", COMPUTE]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout == "still there\n"
    assert done.returncode == -signal.SIGPROF
