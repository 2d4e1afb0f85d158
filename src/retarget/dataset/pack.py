"""A batch's results into one folder: frames, index, description and card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retarget.dataset.columns import frame_arrays
from retarget.dataset.description import CARD, DESCRIPTION, INDEX, Description, card_text
from retarget.dataset.index import index_columns, index_row, measures_of, with_splits
from retarget.dataset.licences import licence_of
from retarget.dataset.splits import Shares
from retarget.dataset.tables import ShardWriter, arrow, write_index
from retarget.errors import FileFormatError, OptionsError
from retarget.exchange.sources import chosen_joints, robot_of_result, tracks_of_result
from retarget.files import atomic_path, sha256_of, write_text
from retarget.jobs.passing import Choice, reason_against
from retarget.result import RetargetingResult
from retarget.tracks import link_set

if TYPE_CHECKING:
    from retarget.batch import BatchManifest, BatchRunRecord
    from retarget.robots import RobotModel

__all__ = ["PackOptions", "finish", "pack"]


@dataclass(frozen=True, slots=True)
class PackOptions:
    """What may be chosen about a data set.

    Attributes:
        title: Its name; the folder's when empty.
        fps: Frames per second of all clips.
        joints: Joints to keep: a joint set of the robot's description, or names and patterns between commas.
        choice: Which clips to pack; those that pass the gates if nothing else is said.
        shares: Splits.
        seed: Seed of the splits.
        licences: Source folder (relative to the batch's input folder) -> licence.

    Example:
        >>> PackOptions(fps=30.0, shares=Shares.parsed("train=0.9,test=0.1")).seed
        0
    """

    title: str = ""
    fps: float = 50.0
    joints: str = "all"
    choice: Choice = field(default_factory=Choice)
    shares: Shares = field(default_factory=Shares)
    seed: int = 0
    licences: Mapping[str, str] = field(default_factory=dict)


def pack(
    manifest: BatchManifest,
    output: str | Path,
    options: PackOptions | None = None,
    *,
    progress: Callable[[Sequence[BatchRunRecord]], Any] = iter,
) -> Description:
    """Pack the results of a batch that pass its gates.

    The folder appears whole or not at all. All clips must be of one robot. A result that cannot be read, or is too
    short at the rate, is left out; the description says why.

    Args:
        manifest: The batch.
        output: Folder to write; one that is there is replaced.
        options: What to choose.
        progress: Called with the records to pack; what it yields of them is packed.

    Raises:
        OptionsError: No clip is left, clips are of different robots, or an option makes no sense.
        MissingExtraError: pyarrow is not installed.
        OutputError: The folder cannot be written.

    Example:
        >>> pack(BatchManifest.load("out/batch_manifest.json"), "walks")  # doctest: +SKIP
    """
    arrow()  # missing, it is missed before any work
    options, output = options or PackOptions(), Path(output)
    left_out = {r.job_id: reason_against(r, options.choice) for r in manifest.records}
    chosen = [record for record in manifest.records if not left_out[record.job_id]]
    left_out = {clip: reason for clip, reason in left_out.items() if reason}
    with atomic_path(output) as folder:
        shards = ShardWriter(folder)
        rows: list[dict[str, Any]] = []
        robot: RobotModel | None = None
        for record in progress(chosen):
            try:
                result = RetargetingResult.load_npz(record.output_file)
                rows.append(
                    index_row(record, result, manifest.input_dir, sha256_of(record.output_file))
                )
            except FileFormatError as error:
                left_out[record.job_id] = f"cannot be read: {error}"
                continue
            robot = _same_robot(robot, result, record)
            _add(shards, rows[-1], len(rows) - 1, result, robot, options)
        if robot is None:
            raise OptionsError(
                f"no clip is left to pack of {len(manifest.records)}; see the gates, or pack all"
            )
        files = shards.close()
        for row, (shard, group) in zip(rows, shards.places, strict=True):
            row |= {"shard": shard, "row_group": group}
            row["licence"] = licence_of(row["source_folder"], manifest.input_dir, options.licences)
        links = link_set(robot, fixed=True, joints=chosen_joints(robot, options.joints))
        description = Description(
            title=options.title or output.name,
            robot=robot.name,
            robot_sha256=robot.sha256,
            fps=options.fps,
            joint_names=links.joint_names,
            link_names=links.names,
            shares=dict(zip(options.shares.names, options.shares.shares, strict=True)),
            seed=options.seed,
            measures=measures_of(chosen),
            left_out=left_out,
        )
        return finish(folder, description, with_splits(rows, options.shares, options.seed), files)


def finish(
    folder: Path, description: Description, rows: Sequence[dict[str, Any]], files: Sequence[str]
) -> Description:
    """Write index, description and card into a folder that has its frames; returns the description with hashes."""
    write_index(folder / INDEX, rows, index_columns(tuple(description.measures)))
    hashes = {name: sha256_of(folder / name) for name in (INDEX, *files)}
    description = description.model_copy(update={"files": hashes})
    write_text(folder / DESCRIPTION, description.text())
    write_text(folder / CARD, card_text(description, rows))
    return description


def _same_robot(
    robot: RobotModel | None, result: RetargetingResult, record: BatchRunRecord
) -> RobotModel:
    own = robot_of_result(result) if robot is None or robot.name != result.robot else robot
    if robot is not None and own.sha256 != robot.sha256:
        raise OptionsError(
            f"{record.job_id} is of {own.name}, clips before it of {robot.name}; pack each robot by itself"
        )
    return own


def _add(
    shards: ShardWriter,
    row: dict[str, Any],
    number: int,
    result: RetargetingResult,
    robot: RobotModel,
    options: PackOptions,
) -> None:
    links = link_set(robot, fixed=True, joints=chosen_joints(robot, options.joints))
    tracks = tracks_of_result(result.resampled(options.fps), robot, links)
    shards.add(number, frame_arrays(tracks))
    row |= {"frames": len(tracks), "duration_s": len(tracks) / options.fps}
