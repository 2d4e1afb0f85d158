"""The viewer's server: what a client is sent, what happens when people press things, and how decisions are kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot, read_motion, retarget_motion
from retarget.batch.review import Review, review_path
from retarget.errors import ManifestError, OptionsError, OutputError
from retarget.view.clip import Opening, open_clip, stage_of
from retarget.view.playlist import Entry

viser = pytest.importorskip("viser", reason="the extra 'viewer' is not installed")
msgspec = pytest.importorskip("msgspec")
zstandard = pytest.importorskip("zstandard")

from websockets.sync.client import ClientConnection, connect  # noqa: E402
from websockets.typing import Subprotocol  # noqa: E402

from retarget.view.viewer import Viewer  # noqa: E402

G1 = load_robot("unitree_g1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clips")
    for name in ("humanoid_run", "humanoid_walk"):
        retarget_motion(read_motion(name), G1).save_npz(made / f"{name}.npz")
    return made


@pytest.fixture
def viewer(folder: Path, tmp_path: Path) -> Iterator[Viewer]:
    clips = [Entry(path.stem, path) for path in sorted(folder.glob("*.npz"))]
    review = review_path(tmp_path / "batch_manifest.json")
    with Viewer(clips, review_file=review, port=0) as made:
        yield made


@pytest.fixture
def playing(viewer: Viewer) -> Iterator[Viewer]:
    loop = threading.Thread(target=viewer.run)
    loop.start()
    yield viewer
    viewer.close()
    loop.join(10)
    assert not loop.is_alive()


def client_of(viewer: Viewer) -> ClientConnection:
    protocol = Subprotocol(f"viser-v{viser.__version__}")
    port = viewer.address.rpartition(":")[2]
    return connect(f"ws://127.0.0.1:{port}", subprotocols=[protocol], max_size=None)


def messages(client: ClientConnection) -> list[dict[str, Any]]:
    data = client.recv(timeout=20)
    assert isinstance(data, bytes)
    size, packed = int.from_bytes(data[:8], "little"), int.from_bytes(data[8:16], "little")
    plain = zstandard.ZstdDecompressor().decompress(data[16 : 16 + packed], max_output_size=size)
    return list(msgspec.msgpack.decode(plain)["messages"])


def until(client: ClientConnection, wanted: str, times: int) -> Counter[str]:
    """What a client is sent until it has been sent something so often, by type and node."""
    seen: Counter[str] = Counter()
    while seen[wanted] < times:
        for message in messages(client):
            name = message.get("name", "")
            seen[f"{message['type']} {name}".strip()] += 1
    return seen


def done(viewer: Viewer) -> None:
    """Do what was asked for, as the loop does."""
    viewer._work()


def test_a_client_is_sent_the_scene_and_then_frames(playing: Viewer) -> None:
    with client_of(playing) as client:
        moved = "SceneNodeUpdateMessage /stage/0/balls"
        seen = until(client, moved, 5)
    assert seen["BatchedMeshesMessage /stage/0/balls"] == 1
    assert seen["BatchedMeshesMessage /stage/1/rods"] == 1
    assert seen["GridMessage /stage/floor"] == 1
    assert seen["GuiSliderMessage"] >= 1


def test_all_browsers_are_sent_the_same(playing: Viewer) -> None:
    with client_of(playing) as first, client_of(playing) as second:
        for client in (first, second):
            assert until(client, "SceneNodeUpdateMessage /stage/1/balls", 3)


def test_of_a_frame_only_what_moves_is_sent(viewer: Viewer) -> None:
    viewer.playback.playing = False
    sent = viewer._nodes._figures[0]._rods._sent
    viewer._show(7)
    now = viewer._nodes._figures[0]._rods._sent
    assert not np.array_equal(sent.places, now.places)
    assert sent.sizes is now.sizes  # the robot's limbs keep their lengths
    viewer._show(7)
    assert viewer._nodes._figures[0]._rods._sent.places is not sent.places


def per_frame(viewer: Viewer, frames: range) -> list[str]:
    """What is pushed to all clients while frames are shown: node and property of each message."""
    pushed: list[str] = []
    buffer = viewer._server._websock_server._broadcast_buffer
    push = buffer.push

    def noted(message: Any) -> None:
        what = ",".join(getattr(message, "updates", {})) or type(message).__name__
        pushed.append(f"{getattr(message, 'name', '')} {what}")
        push(message)

    buffer.push = noted
    for frame in frames:
        viewer._show(frame)
    del buffer.push
    return pushed


def test_a_frame_costs_few_messages_and_a_frame_that_is_shown_again_none(viewer: Viewer) -> None:
    viewer.playback.playing = False
    frames = range(1, min(viewer.stage.frames, 40))
    pushed = per_frame(viewer, frames)
    assert len(pushed) <= 14 * len(frames), Counter(pushed).most_common(20)
    ways = [what for what in pushed if "/way" in what]
    assert len(ways) <= 0.2 * len(frames)  # a piece of a way is sent once
    assert per_frame(viewer, range(frames[-1], frames[-1] + 1)) == []


def test_ways_are_those_of_the_feet_around_the_frame(viewer: Viewer) -> None:
    from retarget.view.way_nodes import _piece_at

    marks, nodes = viewer.stage.actors[0].marks, viewer._nodes._marks[0]._ways
    assert marks is not None
    feet = marks.points.mean(axis=2) + viewer.stage.actors[0].offset
    for frame in (0, 3, 38, 20):
        viewer._show(frame)
        first, last = max(frame - 30, 0), min(frame + 30, len(feet) - 1)
        for foot in range(2):
            drawn = np.concatenate([node.points.reshape(-1, 3) for node in nodes._nodes[foot]])
            for seen in (first, frame, last):  # a second back and on, at 30 frames a second
                gap = np.linalg.norm(drawn - feet[seen, foot], axis=1).min()
                assert gap < 0.05, (frame, foot, seen)
    pieces = [{_piece_at(now, slot) for slot in range(5)} for now in (0, 1, 7)]
    assert pieces == [set(range(-2, 3)), set(range(-1, 4)), set(range(5, 10))]


def test_figures_that_were_worked_out_ahead_are_those_of_their_frames(viewer: Viewer) -> None:
    from retarget.view.block import FigureBlock
    from retarget.view.shapes import balls, rods

    for actor in viewer.stage.actors:
        block = FigureBlock(actor)
        for frame in (0, 31, 32, 5, actor.frames - 1):
            shape = actor.shape(np.array([frame]))
            ends, sides = block.at(frame)
            for found, wanted in (
                (ends, balls(shape.starts[0], shape.ends[0], shape.radii)),
                (sides, rods(shape.starts[0], shape.ends[0], shape.radii)),
            ):
                for one, other in zip(found, wanted, strict=True):
                    np.testing.assert_allclose(one, other, atol=1e-6)


def test_going_on_shows_the_next_clip_and_goes_round(viewer: Viewer) -> None:
    assert viewer.stage.title == "humanoid_run"
    viewer._do(lambda: viewer.go(1))
    done(viewer)
    assert viewer.stage.title == "humanoid_walk"
    assert viewer.playback.frames == viewer.stage.frames == 77
    viewer.go(1)
    assert viewer.stage.title == "humanoid_run"


def test_what_was_chosen_stays_with_the_next_clip(viewer: Viewer) -> None:
    viewer.overlay(trails=False, targets=True)
    viewer.lay_out("over")
    viewer.go(1)
    assert (viewer.now.overlays.trails, viewer.now.overlays.targets) == (False, True)
    assert [actor.faint for actor in viewer.stage.actors] == [False, True]


def test_decisions_are_in_the_file_at_once_and_survive_a_restart(
    viewer: Viewer, folder: Path, tmp_path: Path
) -> None:
    viewer.decide("reject", " slides ")
    viewer.go(1)
    viewer.decide("keep", "")
    path = review_path(tmp_path / "batch_manifest.json")
    saved = Review.load(path)
    assert saved.decision("humanoid_run") == "reject"
    assert saved.clips["humanoid_run"].note == "slides"
    assert saved.kept() == {"humanoid_walk"}
    clips = [Entry("humanoid_run", folder / "humanoid_run.npz")]
    with Viewer(clips, review_file=path, port=0) as again:
        assert again.review.decision("humanoid_run") == "reject"
        again.decide("", "")
    assert Review.load(path).kept() == {"humanoid_walk"}
    assert Review.load(path).of("humanoid_run") is None


def test_two_viewers_do_not_forget_each_others_decisions(
    viewer: Viewer, folder: Path, tmp_path: Path
) -> None:
    path = review_path(tmp_path / "batch_manifest.json")
    clips = [Entry("humanoid_walk", folder / "humanoid_walk.npz")]
    with Viewer(clips, review_file=path, port=0) as other:
        other.decide("keep", "")
        viewer.decide("reject", "")
    assert Review.load(path).clips.keys() == {"humanoid_walk", "humanoid_run"}


def test_without_a_manifest_nothing_is_decided(folder: Path) -> None:
    with (
        Viewer([Entry("run", folder / "humanoid_run.npz")], port=0) as alone,
        pytest.raises(OutputError, match="manifest"),
    ):
        alone.decide("keep", "")


def test_a_clip_that_cannot_be_read_is_told_and_the_one_before_stays(
    folder: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.npz"
    torn.write_bytes((folder / "humanoid_run.npz").read_bytes()[:999])
    told: list[str] = []
    clips = [Entry("run", folder / "humanoid_run.npz"), Entry("torn", torn)]
    with Viewer(clips, port=0, on_problem=told.append) as viewer:
        viewer._do(lambda: viewer.go(1))
        done(viewer)
        assert viewer.stage.title == "humanoid_run"
    assert len(told) == 1 and "torn.npz" in told[0]


def test_a_damaged_review_is_named_and_left_alone(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.review.json"
    path.write_text('{"clips": {"run": {"decision": "perhaps"}}}')
    with pytest.raises(ManifestError, match=r"m\.review\.json.*clips\.run\.decision"):
        Viewer([Entry("run", folder / "humanoid_run.npz")], review_file=path, port=0)
    assert "perhaps" in path.read_text()


def test_a_worst_moment_is_where_its_curve_is_highest(viewer: Viewer) -> None:
    curve = next(c for c in viewer.now.curves.values() if c.name == "limb_error")
    assert viewer.worst(curve, 0) == int(curve.values.argmax())
    assert not viewer.playback.playing


def test_recordings_are_shown_without_a_robot() -> None:
    from retarget.demo import clips_folder

    path = clips_folder() / "cmu_01_01.bvh"
    clip = open_clip(path, Opening())
    assert clip.casts == ()
    with Viewer([Entry("cmu", path)], port=0) as viewer:
        assert [actor.name for actor in viewer.stage.actors] == ["human"]
        viewer._show(5)


def test_results_stand_beside_each_other_by_distinct_names(folder: Path) -> None:
    walk = folder / "humanoid_walk.npz"
    clip = open_clip(walk, Opening(compare=(walk,)))
    assert [cast.name for cast in clip.casts] == ["humanoid_walk (1)", "humanoid_walk (2)"]
    stage = stage_of(clip)
    assert len({actor.name for actor in stage.actors}) == 3


def test_another_tools_file_lies_beside_ours_in_time(folder: Path, tmp_path: Path) -> None:
    ours = RetargetingResult.load_npz(folder / "humanoid_walk.npz")
    later = tmp_path / "theirs.csv"
    joints = ours.qpos[20:].copy()
    joints[:, 3:7] = joints[:, [4, 5, 6, 3]]
    np.savetxt(later, joints, delimiter=",")
    opening = Opening(robot="unitree_g1", source_fps=30.0, compare=(later,))
    clip = open_clip(folder / "humanoid_walk.npz", opening)
    assert clip.casts[1].starts_s == pytest.approx(20 / 30, abs=0.04)


def test_a_recording_stands_alone(folder: Path) -> None:
    from retarget.demo import clips_folder

    with pytest.raises(OptionsError, match="stands alone"):
        open_clip(clips_folder() / "cmu_01_01.bvh", Opening(compare=(folder / "humanoid_run.npz",)))


def test_things_around_are_in_the_browser_and_move(tmp_path: Path) -> None:
    from retarget.scenes.made import at_floor_height, carrying

    motion, scene = carrying(at_floor_height(read_motion("humanoid_walk")))
    result = retarget_motion(motion, G1, scene=scene)
    result.save_npz(tmp_path / "carry.npz")
    with Viewer([Entry("carry", tmp_path / "carry.npz")], port=0) as made:
        nodes = made._nodes
        assert nodes is not None
        things = nodes._props
        assert [thing._prop.name for thing in things] == ["crate", "crate"]
        before = np.array(things[0]._node.position)
        made._show(40)
        place, _ = things[0]._prop.pose(40)
        np.testing.assert_allclose(np.array(things[0]._node.position), place, atol=1e-6)
        assert np.linalg.norm(place - before) > 0.05
        nodes.show_people({"unitree_g1"})
        assert [thing._node.visible for thing in things] == [True, False]


def test_names_are_just_above_bodies_whether_they_stand_or_lie(viewer: Viewer) -> None:
    for frame in (0, 20):
        viewer._show(frame)
        for figure, actor in zip(viewer._nodes._figures, viewer.stage.actors, strict=True):
            shape = actor.shape(np.array([frame]))
            top = float((np.maximum(shape.starts, shape.ends)[0, :, 2] + shape.radii).max())
            above = float(figure._label.position[2]) - top
            assert 0.0 < above < 0.1
