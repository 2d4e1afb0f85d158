"""Options of ``retarget batch`` alone: which files, and how jobs run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support.common import UsageError
from retarget.cli.support.picking import OnlyOption
from retarget.errors import UnknownNameError

if TYPE_CHECKING:
    from retarget.batch.plan import StalePolicy
    from retarget.batch.runner import EngineFactory

__all__ = ["BVH_FILES", "JobOptions", "WhichFiles"]

BVH_FILES = "**/*.bvh"

_WHICH = "Which files"
_JOBS = "How jobs run"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichFiles:
    """Which files of the folder become jobs."""

    pattern: Annotated[
        str,
        typer.Option(
            "--pattern",
            metavar="GLOB",
            help="Names of the files; a suffix stands for upper and lower case. Without one, as '**/*', files are "
            "looked into, and what is no motion is passed over.",
            rich_help_panel=_WHICH,
        ),
    ] = BVH_FILES
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="A data set by name: its pattern, what to leave out, terms.",
            rich_help_panel=_WHICH,
        ),
    ] = None
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="NAME",
            help="Only this split of the data set, such as train.",
            rich_help_panel=_WHICH,
        ),
    ] = None
    only: OnlyOption = None
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", help="Run at most this many jobs.", rich_help_panel=_WHICH
        ),
    ] = None
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Do part i of n (i/n, from 1), with its own manifest.",
            rich_help_panel=_WHICH,
        ),
    ] = None
    augment: Annotated[
        Path | None,
        typer.Option(
            "--augment",
            metavar="FILE",
            help="Plan of variants of each motion's scene (.toml): a job for each, named after it.",
            rich_help_panel=_WHICH,
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """How jobs are run, and which of them again."""

    max_workers: Annotated[
        int | None,
        typer.Option(
            "--max-workers",
            metavar="N",
            help="How many jobs at once.",
            show_default="all usable cores",
            rich_help_panel=_JOBS,
        ),
    ] = None
    force: Annotated[
        bool,
        typer.Option("--force", help="Run again where a result exists.", rich_help_panel=_JOBS),
    ] = False
    stale: Annotated[
        str,
        typer.Option(
            "--stale",
            metavar="skip|rerun|fail",
            help="Results of another input, robot or options.",
            rich_help_panel=_JOBS,
        ),
    ] = "skip"
    only_failed: Annotated[
        bool,
        typer.Option(
            "--only-failed", help="Run only what failed last time.", rich_help_panel=_JOBS
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say how many jobs would run, and why; changes nothing.",
            rich_help_panel=_JOBS,
        ),
    ] = False
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="in-process|local|ray",
            help="Where jobs run.",
            show_default="in-process for one worker without limits, else local",
            rich_help_panel=_JOBS,
        ),
    ] = None
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="Ray cluster to join, such as auto.",
            rich_help_panel=_JOBS,
        ),
    ] = None
    timeout_s: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="SECONDS",
            help="Seconds after which a job is killed.",
            rich_help_panel=_JOBS,
        ),
    ] = None
    retries: Annotated[
        int,
        typer.Option(
            "--retries", metavar="N", help="Further attempts at a job.", rich_help_panel=_JOBS
        ),
    ] = 0
    memory_limit: Annotated[
        float | None,
        typer.Option(
            "--memory-limit",
            metavar="GIB",
            help="GiB that one worker may use.",
            rich_help_panel=_JOBS,
        ),
    ] = None
    recycle_after: Annotated[
        int | None,
        typer.Option(
            "--recycle-after",
            metavar="N",
            help="Jobs after which a worker is replaced.",
            rich_help_panel=_JOBS,
        ),
    ] = None
    max_failures: Annotated[
        int | None,
        typer.Option(
            "--max-failures",
            metavar="N",
            help="Stop after this many failed jobs.",
            rich_help_panel=_JOBS,
        ),
    ] = None

    @property
    def memory_bytes(self) -> int | None:
        """What one worker may use; None without a limit."""
        return None if self.memory_limit is None else int(self.memory_limit * 2**30)

    @property
    def stale_policy(self) -> StalePolicy:
        """What becomes of results of another input, robot or options.

        Raises:
            UnknownNameError: There is no such policy.
        """
        from typing import get_args

        from retarget.batch.plan import StalePolicy

        policies: tuple[StalePolicy, ...] = get_args(StalePolicy)
        for policy in policies:
            if self.stale == policy:
                return policy
        raise UnknownNameError("--stale policy", self.stale, list(policies))

    @property
    def engine_factory(self) -> str | EngineFactory | None:
        """What runs jobs; None chooses by workers and limits.

        Raises:
            UsageError: An address is given, and no cluster.
        """
        if self.address is None:
            return self.engine
        if self.engine != "ray":
            raise UsageError("--address is that of a Ray cluster; add --engine ray")
        from retarget.batch.engines.ray import RayCluster

        return RayCluster(self.address)
