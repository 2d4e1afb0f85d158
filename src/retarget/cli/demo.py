"""``retarget demo``: the embedded clips, from files to scored and drawn robot motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.batch import interrupted, tell_batch
from retarget.cli.report_pages import make_pages
from retarget.cli.support.common import MANIFEST_NAME, JsonFlag, say, steps, tell
from retarget.cli.support.options import require_robot_files
from retarget.cli.support.progress import batch_display
from retarget.cli.support.verdicts import print_scores
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.batch import BatchManifest
    from retarget.config import RunConfig
    from retarget.evaluation import ClipReport
    from retarget.robots import RobotModel

__all__ = ["demo"]

REPORT_NAME = "report.html"
_FILM_NAME, _FILM_S = "film.mp4", 6.0


def demo(
    output_dir: Annotated[
        Path,
        typer.Option(
            "--output-dir", metavar="FOLDER", help="Folder for results, pictures and manifest."
        ),
    ] = Path("demo_output"),
    robot: Annotated[
        str, typer.Option("--robot", metavar="ROBOT", help="A robot's name, or a model file.")
    ] = "unitree_g1",
    max_workers: Annotated[
        int, typer.Option("--max-workers", metavar="N", help="How many jobs at once.")
    ] = 2,
    force: Annotated[
        bool, typer.Option("--force", help="Run again where a result exists.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Retarget the embedded clips in parallel, score them and draw a film strip of each."""
    from retarget.config import RunConfig
    from retarget.evaluation import summarise

    settings = RunConfig(robot=robot)
    require_robot_files(settings)
    settings.load_robot()
    no_pictures = _why_no_pictures()
    manifest = _run(settings, output_dir, max_workers, force)
    done = [record.output_file for record in manifest.records if record.status != "failed"]
    reports = _score_and_draw(done, settings.load_robot(), draw=not no_pictures)
    summary = summarise(reports)
    scores = output_dir / "evaluation.json"
    summary.write(scores)
    page = _report(output_dir, max_workers)
    film = None if no_pictures else _film(done, output_dir)
    if not as_json:
        tell()
        print_scores(reports, summary)
        _say_what_was_made(done, scores, page, no_pictures, film)
    tell_batch(manifest, output_dir / MANIFEST_NAME, as_json=as_json)
    if not as_json:
        tell(f"look at all of it in a browser: retarget view {output_dir}")


def _film(results: list[Path], output_dir: Path) -> Path | None:
    """A short film of the longest clip, unless there is one that is newer; None without results."""
    from retarget.drawing.film import Film, Shot
    from retarget.drawing.video import require_video, write_film
    from retarget.errors import MissingExtraError
    from retarget.view.clip import Opening, open_clip, stage_of

    if not results:
        return None
    longest = max(results, key=lambda path: path.stat().st_size)
    path = output_dir / _FILM_NAME
    try:
        require_video(path)
    except MissingExtraError:  # GIFs need no more than film strips do
        path = path.with_suffix(".gif")
    if path.exists() and path.stat().st_mtime_ns >= longest.stat().st_mtime_ns:
        return path
    stage = stage_of(open_clip(longest, Opening()))
    film = Film(stage, Shot(640, 360, start_s=0.0, end_s=_FILM_S))
    write_film(film, path, progress=lambda numbers: steps(numbers, "filming"))
    return path


def _why_no_pictures() -> str:
    """Why no pictures can be drawn; empty where they can."""
    from retarget.errors import MissingExtraError
    from retarget.report import require_pictures

    try:
        require_pictures()
    except MissingExtraError as error:
        return str(error)
    return ""


def _report(output_dir: Path, max_workers: int) -> Path:
    """Write the report with a page of each clip; where it is."""
    from retarget.report.pages import read_batch, write_report

    page, batch = output_dir / REPORT_NAME, read_batch(output_dir / MANIFEST_NAME)
    make_pages([batch], page, "all", max_workers=max_workers, quiet=True)
    write_report([batch], page)
    return page


def _say_what_was_made(
    results: list[Path], scores: Path, page: Path, no_pictures: str, film: Path | None
) -> None:
    tell("\nlook at:")
    for path in results:
        tell(f"  {path if no_pictures else path.with_suffix('.png')}")
    if film is not None:
        tell(f"  {film}: robot and human beside each other")
    tell(f"  {page}: which clips are fit to train on, and why; open it in a browser")
    tell(f"  {scores}: all scores, with units and definitions")
    if no_pictures:
        tell(f"without pictures: {no_pictures}")
    picture = "" if no_pictures else " --picture FILE.png"
    tell(f"then try your own: retarget run --motion FILE.bvh --output FILE.npz{picture}\n")


def _run(settings: RunConfig, output_dir: Path, max_workers: int, force: bool) -> BatchManifest:
    from retarget.batch import BatchRunner, jobs_from_folder
    from retarget.demo import clips_folder
    from retarget.worker import RetargetWorker

    worker = RetargetWorker(settings)
    jobs = [
        job
        for pattern in ("*.bvh", "*.npz")
        for job in jobs_from_folder(clips_folder(), pattern, output_dir)
    ]
    say(f"retargeting {counted(len(jobs), 'clip')} onto {settings.robot} into {output_dir}")
    with batch_display() as display:
        runner = BatchRunner(fingerprint=worker.fingerprint, on_event=display, stale="rerun")
        try:
            return runner.run(
                jobs,
                worker,
                manifest_path=output_dir / MANIFEST_NAME,
                max_workers=max_workers,
                force=force,
                input_dir=clips_folder(),
                output_dir=output_dir,
                pattern="*",
            )
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt) from None


def _score_and_draw(results: list[Path], robot: RobotModel, *, draw: bool) -> list[ClipReport]:
    """Evaluate each result, and draw it unless its picture is newer."""
    from retarget.evaluation import evaluate_result
    from retarget.report import draw_filmstrip, headline
    from retarget.result import RetargetingResult

    reports = []
    for path in steps(results, "scoring and drawing" if draw else "scoring"):
        result = RetargetingResult.load_npz(path)
        report = evaluate_result(result, robot, clip=path.stem)
        reports.append(report)
        picture = path.with_suffix(".png")
        newer = picture.exists() and picture.stat().st_mtime_ns >= path.stat().st_mtime_ns
        if draw and not newer:
            draw_filmstrip(result, robot, picture, title=path.stem, subtitle=headline(report))
    return reports
