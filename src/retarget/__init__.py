"""Human motion capture to clean humanoid-robot motion, for whole datasets.

The public names are loaded when first used, so that ``import retarget`` and the command's help stay quick.

Example:
    >>> import retarget
    >>> motion = retarget.read_motion("walk.bvh")  # doctest: +SKIP
    >>> robot = retarget.load_robot("unitree_g1")  # doctest: +SKIP
    >>> result = retarget.retarget_motion(motion, robot, retarget.RetargetOptions())  # doctest: +SKIP
    >>> result.save_npz("walk.npz")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget._version import __version__
from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.batch import BatchJob, BatchManifest, BatchRunner, BatchRunRecord, BatchWorker
    from retarget.errors import RetargetError
    from retarget.evaluation.evaluate import evaluate_result
    from retarget.export import export_result
    from retarget.kinds import ExportFormat, MotionFormatKind, RobotKind, RunStatus
    from retarget.motion import Motion, read_motion
    from retarget.options import RetargetOptions
    from retarget.pipeline import retarget_motion
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel, load_robot
    from retarget.streaming import StreamingRetargeter

__all__ = [
    "BatchJob",
    "BatchManifest",
    "BatchRunRecord",
    "BatchRunner",
    "BatchWorker",
    "ExportFormat",
    "Motion",
    "MotionFormatKind",
    "RetargetError",
    "RetargetOptions",
    "RetargetingResult",
    "RobotKind",
    "RobotModel",
    "RunStatus",
    "StreamingRetargeter",
    "__version__",
    "evaluate_result",
    "export_result",
    "load_robot",
    "read_motion",
    "retarget_motion",
]

_HOMES = {
    "BatchJob": "retarget.batch",
    "BatchManifest": "retarget.batch",
    "BatchRunRecord": "retarget.batch",
    "BatchRunner": "retarget.batch",
    "BatchWorker": "retarget.batch",
    "ExportFormat": "retarget.kinds",
    "Motion": "retarget.motion",
    "MotionFormatKind": "retarget.kinds",
    "RetargetError": "retarget.errors",
    "RetargetOptions": "retarget.options",
    "RetargetingResult": "retarget.result",
    "RobotKind": "retarget.kinds",
    "RobotModel": "retarget.robots",
    "RunStatus": "retarget.kinds",
    "StreamingRetargeter": "retarget.streaming",
    "evaluate_result": "retarget.evaluation",
    "export_result": "retarget.export",
    "load_robot": "retarget.robots",
    "read_motion": "retarget.motion",
    "retarget_motion": "retarget.pipeline",
}

__getattr__, __dir__ = names_of(__name__, _HOMES)
