"""The files that a run reads besides the motion, so that nothing is written over them."""

from __future__ import annotations

from pathlib import Path

from retarget.config import RunConfig
from retarget.errors import MissingFileError
from retarget.files import split_which

__all__ = ["files_beside"]


def files_beside(config: RunConfig, motion: Path) -> tuple[Path, ...]:
    """The robot's files, the scene's with all that it names, models of bodies, and other clips of the person.

    Raises:
        MissingFileError: The scene is missing, or a file that it names.
        RetargetError: The scene, or the robot's description, says something that cannot be.
        OptionsError: The rule for persons names no file, or the folder of models is none.
    """
    return (
        *config.robot_files(),
        *_of_scene(config, motion),
        *_of_bodies(config),
        *_of_person(config, motion),
    )


def _of_scene(config: RunConfig, motion: Path) -> tuple[Path, ...]:
    scene = config.scene_file(motion)
    if scene is None:
        return ()
    from retarget.scenes.read import scene_files

    files = scene_files(scene)
    for path in files:
        if not path.exists():
            remedy = f"give what {scene} names, or correct it there"
            raise MissingFileError(path, "does not exist", remedy)
    return files


def _of_bodies(config: RunConfig) -> list[Path]:
    from retarget.motion.formats.smpl.skeleton import model_files
    from retarget.motion.read import models_folder

    folder = models_folder(config.smpl_models)
    return [] if folder is None else model_files(folder)


def _of_person(config: RunConfig, motion: Path) -> tuple[Path, ...]:
    if config.subject_from is None:
        return ()
    from retarget.jobs.subject_rules import SubjectRule

    group = SubjectRule(config.subject_from).group_of(split_which(motion)[0])
    return () if group is None else group.files
