"""The fuzzing tools, which are no package, for tests."""

import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1] / "tools"
sys.path.insert(0, str(TOOLS))

import fuzz  # noqa: E402 - from the folder that was added just now
from fuzzing.judging import ACCEPTED, REFUSED, fault_of  # noqa: E402
from fuzzing.kinds import KINDS, Kind  # noqa: E402

__all__ = ["ACCEPTED", "KINDS", "REFUSED", "TOOLS", "Kind", "fault_of", "fuzz"]
