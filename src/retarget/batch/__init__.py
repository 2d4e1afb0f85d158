"""Batches of independent jobs that can be trusted: resumable, isolated, recorded.

See ``docs/batch.md`` for the promises and the file formats.
"""

from retarget.batch.events import BatchEvent
from retarget.batch.folder import jobs_from_folder
from retarget.batch.located import located_manifest
from retarget.batch.manifest import BatchManifest
from retarget.batch.models import (
    SCHEMA_VERSION,
    BatchJob,
    BatchRunRecord,
    BatchWorker,
)
from retarget.batch.plan import PlannedJob
from retarget.batch.runner import DEFAULT_RETRY_ON, BatchRunner
from retarget.batch.shard import merge_manifests, parse_shard, shard_jobs, shard_manifest_path
from retarget.batch.status import BatchStatus, read_status
from retarget.batch.verify import VerifyProblem, verify_manifest
from retarget.kinds import MotionFormatKind, RobotKind, RunStatus

__all__ = [
    "DEFAULT_RETRY_ON",
    "SCHEMA_VERSION",
    "BatchEvent",
    "BatchJob",
    "BatchManifest",
    "BatchRunRecord",
    "BatchRunner",
    "BatchStatus",
    "BatchWorker",
    "MotionFormatKind",
    "PlannedJob",
    "RobotKind",
    "RunStatus",
    "VerifyProblem",
    "jobs_from_folder",
    "located_manifest",
    "merge_manifests",
    "parse_shard",
    "read_status",
    "shard_jobs",
    "shard_manifest_path",
    "verify_manifest",
]
