"""The kinds of files that are read: sound ones to begin with, how they are damaged, and what is done with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from fuzzing.archives import damage_archive, damage_journal, damage_pickle
from fuzzing.checks import (
    check_description,
    check_gates,
    check_journal,
    check_lock,
    check_manifest,
    check_motion,
    check_pickle,
    check_recording,
    check_result,
    check_robot,
    check_robot_motion,
    check_roles,
    check_run_toml,
)
from fuzzing.mutations import (
    Mutation,
    damage_bytes,
    damage_json,
    damage_text,
    damage_xml,
    json_text,
    mixed,
)
from fuzzing.others import exports, gates
from fuzzing.recordings import RECORDINGS
from fuzzing.seeds import (
    ROLES,
    RUN_TOML,
    amp,
    batch,
    bvh,
    deepmimic,
    mjcf,
    pickles,
    results,
    robot_toml,
    smpl,
    urdf,
)

__all__ = ["KINDS", "Kind"]

_LARGE: Final = 0.02  # share of cases that begin from a large file


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    Attributes:
        name: As the table names it.
        file: Name of the file.
        seeds: Makes sound files.
        damage: Makes a damaged one of a sound one.
        check: Reads one, and does with it what users do; raises `Nonsense` where it gives no possible answer.
        beside: Names of files that the check may leave beside it.
        with_files: Sound files that belong to it, by name.
        large: Makes large sound files, from which one case in fifty begins.
    """

    name: str
    file: str
    seeds: Callable[[], list[bytes]]
    damage: Mutation
    check: Callable[[Path], object]
    beside: tuple[str, ...] = ()
    with_files: Callable[[], Mapping[str, bytes]] = dict
    large: Callable[[], list[bytes]] | None = None

    def damaged(self, random: Random) -> bytes:
        """A sound file, damaged."""
        large = self.large if self.large and random.random() < _LARGE else self.seeds
        return self.damage(random.choice(large()), random)


def _through_json(data: bytes, random: Random) -> bytes:
    return json_text(damage_json(json.loads(data), random))


_TEXT: Final = mixed(damage_text, damage_text, damage_bytes)

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("bvh", "clip.bvh", bvh, _TEXT, check_motion),
        Kind("npz", "clip.npz", amp, damage_archive, check_motion),
        Kind("deepmimic", "clip.txt", deepmimic, mixed(_TEXT, _through_json), check_motion),
        Kind("smpl", "clip.npz", smpl, damage_archive, check_motion),
        Kind("robot csv", "walk.csv", exports("unitree_csv", "kimodo_csv"), _TEXT, check_robot_motion),
        Kind("robot npz", "walk.npz", exports("beyondmimic", "holosoma"), damage_archive, check_robot_motion),
        Kind("robot pkl", "walk.pkl", exports("gmr", "asap"), damage_bytes, check_robot_motion),
        Kind("pickle", "clip.pkl", pickles, damage_pickle, check_pickle),
        Kind("result", "result.npz", results, damage_archive, check_result),
        Kind("mjcf", "robot.xml", mjcf, mixed(damage_xml, damage_xml, _TEXT), check_robot),
        Kind("urdf", "robot.urdf", urdf, mixed(damage_xml, damage_xml, _TEXT), check_robot),
        Kind("robot.toml", "robot.toml", robot_toml, _TEXT, check_description),
        Kind("run.toml", "run.toml", lambda: [RUN_TOML], _TEXT, check_run_toml),
        Kind("gates", "gates.toml", gates, _TEXT, check_gates),
        Kind("roles", "roles.toml", lambda: [ROLES], _TEXT, check_roles),
        Kind("manifest", "m.json", lambda: [batch()[0]], mixed(_TEXT, _through_json, _through_json), check_manifest),
        Kind("journal", "m.json.journal", lambda: [batch()[1]], damage_journal, check_journal),
        Kind("lock", "m.json.lock", lambda: [b'{"host": "a", "pid": 1, "since": "2026-01-01"}'],
             mixed(_TEXT, _through_json), check_lock),
        *(Kind(name, sound.file, sound.short, sound.damage, check_recording, with_files=sound.beside, large=sound.long)
          for name, sound in RECORDINGS.items()),
    )
}  # fmt: skip
