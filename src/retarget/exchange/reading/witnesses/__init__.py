"""What a file says twice, held against itself: poses, rotation vectors, velocities; each fault by its name."""

from __future__ import annotations

from retarget.exchange.reading.witnesses.finding import Finding, FindingName
from retarget.exchange.reading.witnesses.poses import pose_findings
from retarget.exchange.reading.witnesses.rates import velocity_findings

__all__ = ["Finding", "FindingName", "pose_findings", "velocity_findings"]
