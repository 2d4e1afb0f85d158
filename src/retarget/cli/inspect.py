"""``retarget inspect``: what is found out about a motion file, before anything is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.support import flags, options
from retarget.cli.support.common import (
    SOME_FAILED,
    JsonFlag,
    UsageError,
    print_json,
    require_motion,
    say,
    steps,
    tell,
    working_on,
)
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.tables import print_table
from retarget.errors import RetargetError
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.config import RunConfig
    from retarget.jobs.inspection import Inspection

__all__ = ["inspect"]


def inspect(
    motions: Annotated[
        list[Path],
        typer.Argument(
            metavar="MOTION...", help="Motion files, or embedded clips: humanoid_dance, ..."
        ),
    ],
    motion_format: flags.FormatName = None,
    skip_bind_pose: flags.BindPoseFlag = None,
    roles: flags.RolesFile = None,
    up: flags.UpAxis = None,
    unit: flags.UnitName = None,
    floor_m: flags.FloorHeight = None,
    keep_glitches: flags.GlitchesFlag = None,
    source_fps: flags.SourceRate = None,
    smpl_models: flags.SmplModels = None,
    subject_from: flags.SubjectFrom = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            metavar="FILE",
            help="Also draw the recording: roles, poses, floor, contacts (.png).",
        ),
    ] = None,
    scene: flags.SceneFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Print a file's joints, roles, unit, up axis, rate, size, floor and doubts; of several files a line each."""
    files = [require_motion(motion) for motion in motions]
    settings = options.RunOptions(
        motion_format=motion_format,
        skip_bind_pose=skip_bind_pose,
        roles=roles,
        up=up,
        unit=unit,
        floor_m=floor_m,
        keep_glitches=keep_glitches,
        source_fps=source_fps,
        smpl_models=smpl_models,
        subject_from=subject_from,
        scene=scene,
    ).settings()
    if picture is not None:
        _check_picture(picture, files, [roles])
    if len(files) > 1:
        _print_several(files, settings, as_json)
        return
    if _is_result(files[0]):
        _tell_result(files[0], as_json)
        return
    from retarget.jobs.inspection import joints_told

    found = _inspected(files[0], settings)
    clip, facts = found.motion, found.facts
    if picture is not None:
        _draw(found, picture)
        facts["picture"] = str(picture)
    around = _scene_facts(settings, files[0])
    if as_json:
        scenery = {} if around is None else {"scene": around}
        print_json({**facts, **scenery, "joints": joints_told(clip)})
        return
    for name, value in _lines(facts):
        tell(f"{name:14} {value}")
    for note in facts["notes"]:
        tell(f"{'note':14} {note}")
    for doubt in facts["doubts"]:
        tell(f"{'doubt':14} {doubt['name']} ({doubt['weight']:.0%}): {doubt['reason']}")
    if around is not None:
        _tell_scene(around)
    tell()
    rows = [[j["joint"], j["parent"] or "-", j["role"] or ""] for j in joints_told(clip)]
    print_table(["joint", "parent", "role"], rows)


def _scene_facts(settings: RunConfig, path: Path) -> dict[str, Any] | None:
    """How the motion meets the things around it; None where there are none."""
    if settings.scene_file(path) is None:
        return None
    from dataclasses import replace

    from retarget.motion.contacts import find_contacts
    from retarget.motion.fitting.anatomy import find_anatomy
    from retarget.scenes.inspection import scene_facts

    motion = settings.read_motion(path)
    scene = settings.read_scene(path, motion)
    assert scene is not None
    anatomy = find_anatomy(replace(motion, source=replace(motion.source, floor_m=0.0)))
    return scene_facts(anatomy, find_contacts(anatomy), scene)


def _tell_scene(around: dict[str, Any]) -> None:
    tell(
        f"{'scene':14} {around['kind']}, {counted(len(around['things']), 'thing')} besides the floor"
    )
    for note in around["notes"]:
        tell(f"{'note':14} {note}")
    for warning in around["warnings"]:
        tell(f"{'warning':14} {warning}")
    rows = [
        [t["name"], str(t["shapes"]), "yes" if t["moves"] else "no", str(t["size"]), f"{t['nearest_m'] * 1e3:.0f}",
         f"{t['touched_share']:.0%}"]
        for t in around["things"]
    ]  # fmt: skip
    print_table(["thing", "shapes", "moves", "size", "nearest mm", "touched"], rows)
    rest = ", ".join(f"{kind} {value * 1e3:.0f} mm" for kind, value in around["rest_m"].items())
    tell(f"{'at rest':14} {rest}")
    touches = [t for t in around["touches"] if t["thing"] != "floor"]
    rows = [[t["point"], t["thing"], f"{t['from_s']:.2f}", f"{t['to_s']:.2f}"] for t in touches]
    print_table(["touches", "of", "from s", "to s"], rows)


def _is_result(path: Path) -> bool:
    """Whether a file is what `retarget run` wrote, whole or not."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return {"qpos.npy", "manifest_json.npy"} <= set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _tell_result(path: Path, as_json: bool) -> None:
    """Print what a result is: whoever inspects one has taken it for a motion."""
    from retarget.result import RetargetingResult

    result = RetargetingResult.load_npz(path)
    source = result.provenance.get("motion", {}).get("path")
    facts = {
        "file": str(path),
        "what": "a result of retarget: a robot's motion, not a recording",
        "robot": result.robot,
        "frames": len(result),
        "fps": result.fps,
        "duration_s": result.duration,
        "motion": source,
        "version": result.provenance.get("version"),
    }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        tell(f"{name:14} {value}")
    tell(f"scores: retarget evaluate --result {path}")


_COLUMNS = (
    "file",
    "format",
    "frames",
    "fps",
    "seconds",
    "joints",
    "height m",
    "unit",
    "up",
    "doubts",
)


def _print_several(files: Sequence[Path], settings: RunConfig, as_json: bool) -> None:
    """A line for each file; those that cannot be read are said, and the exit code is 1.

    Raises:
        typer.Exit: One could not be read.
    """
    from retarget.jobs.inspection import joints_told
    from retarget.motion.doubts import total_doubt

    records: list[dict[str, Any]] = []
    rows = []
    for path in steps(files, "inspecting"):
        try:
            found = _inspected(path, settings)
        except RetargetError as error:
            say(f"error: {error}")
            records.append({"path": str(path), "error": str(error)})
            continue
        clip, facts = found.motion, found.facts
        records.append({**facts, "joints": joints_told(clip)})
        rows.append(
            [str(path), facts["format"], str(facts["frames"]), f"{facts['fps']:.6g}", f"{facts['duration_s']:.2f}",
             str(len(clip.joint_names)), f"{facts['height_m']:.2f}", facts["unit"], facts["up_axis"],
             f"{total_doubt(clip.source.doubts):.0%} {' '.join(d.name for d in clip.source.doubts)}".rstrip()]
        )  # fmt: skip
    if as_json:
        print_json(records)
    elif rows:
        print_table(_COLUMNS, rows)
    if any("error" in record for record in records):
        raise typer.Exit(SOME_FAILED)


def _inspected(path: Path, settings: RunConfig) -> Inspection:
    from retarget.jobs.inspection import inspect_motion
    from retarget.jobs.subjects import knowing_its_subject

    return inspect_motion(*knowing_its_subject(path, settings.read_motion(path), settings))


def _check_picture(picture: Path, files: Sequence[Path], others: Sequence[Path | None]) -> None:
    """Check that a picture can be drawn, of one recording.

    Raises:
        UsageError: There are several, or the picture would take the place of something else.
        MissingExtraError: Nothing here draws.
        OutputError: It cannot be written.
    """
    if len(files) > 1:
        raise UsageError("--picture is of one recording; give one file")
    from retarget.report import require_pictures

    require_pictures()
    check_outputs([Output(picture, "a picture", (".png",))], [*files, *others])


def _draw(found: Inspection, picture: Path) -> None:
    from retarget.report.recording_picture import draw_recording

    source = found.motion.source
    doubts = ", ".join(f"{doubt.name} ({doubt.weight:.0%})" for doubt in source.doubts) or "none"
    said = (
        f"{source.format}, {source.unit}, {source.up_axis} up, rig {source.rig}; doubts: {doubts}"
    )
    with working_on(f"drawing {picture}"):
        title = Path(source.path).name
        draw_recording(found.motion, found.contacts, picture, title=title, subtitle=said)


def _in_words(subject: dict[str, Any]) -> str:
    clips = subject["clips"]
    seconds = sum(clip["seconds"] for clip in clips)
    names = ", ".join(Path(clip["path"]).name for clip in clips)
    return f"{subject['name']}, known by {seconds:.1f} s of {names}"


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    bind_pose = "none recognised"
    if facts["bind_pose"]:
        bind_pose = f"recognised at the start; frames dropped: {facts['dropped_frames']}"
    stance, others = (
        ", ".join(f"{name} {share:.0%}" for name, share in facts[key].items() if share or always)
        for key, always in (("stance_share", True), ("body_contact_share", False))
    )
    fingers = [*facts["finger_joints"].values()]
    slope = facts["floor_slope_deg"]
    tilt = f", tilted by {slope:.1f} degrees, levelled" if slope else ""
    drift = facts["floor_drift_m"]
    tilt += f", drifting by {drift:.2f} m, followed" if drift else ""
    return [
        ("file", facts["path"]),
        ("format", facts["format"]),
        ("rig", facts["rig"]),
        ("unit", f"{facts['unit']} ({facts['metres_per_unit']:g} m)"),
        ("up axis", facts["up_axis"]),
        ("frames", f"{facts['frames']} at {facts['fps']:.6g} fps, {facts['duration_s']:.2f} s"),
        ("bind pose", bind_pose),
        (
            "height",
            f"{facts['height_m']:.2f} m to the highest joint, legs {facts['leg_length_m']:.2f} m",
        ),
        *([("subject", _in_words(facts["subject"]))] if facts["subject"] else []),
        ("floor", f"at {facts['floor_m']:.3f} m (toe joints in stance){tilt}"),
        *(
            [("fingers", f"{sum(fingers)} joints, {fingers[0]} of them left")]
            if any(fingers)
            else []
        ),
        ("stance", stance),
        *([("on the ground", others)] if others else []),
    ]
