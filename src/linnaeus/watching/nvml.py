"""The energy counter of an NVIDIA GPU, asked of the driver's own library."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["GpuCounter"]

LIBRARY = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
SUCCESS = 0
JOULES = 1e-3  # NVML counts in millijoules


class GpuCounter:
    """Joules that one GPU has spent since this was made, by NVML's total energy consumption."""

    def __init__(self, library: ctypes.CDLL, handle: ctypes.c_void_p) -> None:
        self._library = library
        self._handle = handle
        self._first_mj = self._now_mj()

    @classmethod
    def of(cls, uuid: str, library: str = LIBRARY) -> GpuCounter | None:
        """The counter of the GPU with this UUID ("GPU-…"); None where the machine has none."""
        try:
            nvml = ctypes.CDLL(library)
            handle = ctypes.c_void_p()
            if nvml.nvmlInit_v2() != SUCCESS:
                return None
            if nvml.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(handle)) != SUCCESS:
                return None
            return cls(nvml, handle)
        except (OSError, AttributeError):  # no driver here, or one too old
            return None

    def joules(self) -> float:
        """Since this was made. Raises OSError where the driver does not tell."""
        return JOULES * (self._now_mj() - self._first_mj)

    def _now_mj(self) -> int:
        spent = ctypes.c_ulonglong()
        code = self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle, ctypes.byref(spent))
        if code != SUCCESS:
            raise OSError(f"NVML answers {code}")
        return spent.value
