"""Orders of links and joints, computed from the model by each simulator's rule, against lists that name them."""

from __future__ import annotations

import numpy as np
import pytest
from robot_motions import shared

from retarget.errors import UnknownNameError
from retarget.exchange.orders import by_name, depth_first, level_order, ordering
from retarget.robots import load_robot
from retarget.tracks import link_set

# joint_ids_map of unitree_rl_lab's deployment: the place in Isaac's order -> Unitree's motor index.
ISAAC_JOINTS_OF_G1 = [
    *(0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 22, 4, 10, 16, 23, 5),
    *(11, 17, 24, 18, 25, 19, 26, 20, 27, 21, 28),
]
# body_names of an Isaac Lab recording of the G1 whose fixed joints were kept.
ISAAC_LINKS_OF_WHOLE_G1 = [
    "pelvis",
    "imu_in_pelvis",
    "left_hip_pitch_link",
    "pelvis_contour_link",
    "right_hip_pitch_link",
    "waist_yaw_link",
    "left_hip_roll_link",
    "right_hip_roll_link",
    "waist_roll_link",
    "left_hip_yaw_link",
    "right_hip_yaw_link",
    "torso_link",
    "left_knee_link",
    "right_knee_link",
    "d435_link",
    "head_link",
    "imu_in_torso",
    "left_shoulder_pitch_link",
    "logo_link",
    "mid360_link",
    "right_shoulder_pitch_link",
    "left_ankle_pitch_link",
    "right_ankle_pitch_link",
    "left_shoulder_roll_link",
    "right_shoulder_roll_link",
    "left_ankle_roll_link",
    "right_ankle_roll_link",
    "left_shoulder_yaw_link",
    "right_shoulder_yaw_link",
    "left_elbow_link",
    "right_elbow_link",
    "left_wrist_roll_link",
    "right_wrist_roll_link",
    "left_wrist_pitch_link",
    "right_wrist_pitch_link",
    "left_wrist_yaw_link",
    "right_wrist_yaw_link",
    "left_rubber_hand",
    "right_rubber_hand",
]


def test_the_level_order_of_the_g1s_joints_is_that_of_its_deployment() -> None:
    order = ordering(link_set(load_robot("unitree_g1")), "level")
    assert order.joints.tolist() == ISAAC_JOINTS_OF_G1
    assert order.link_names[1:] == tuple(
        load_robot("unitree_g1").body_names[1 + j] for j in ISAAC_JOINTS_OF_G1
    )


def test_the_level_order_with_fixed_links_is_that_of_a_recording_that_names_them() -> None:
    links = link_set(load_robot("unitree_g1"), group="urdf")
    order = ordering(links, "level")
    assert list(order.link_names) == ISAAC_LINKS_OF_WHOLE_G1
    assert order.joints.tolist() == ISAAC_JOINTS_OF_G1


def test_the_level_order_of_unitrees_urdf_is_that_of_the_recording_too() -> None:
    path = shared("robots/unitree_g1_29_urdf/g1_29dof_rev_1_0.urdf")
    order = ordering(link_set(load_robot(path), fixed=True), "level")
    assert list(order.link_names) == ISAAC_LINKS_OF_WHOLE_G1


def test_the_fixed_links_of_the_description_are_where_unitrees_urdf_has_them() -> None:
    path = shared("robots/unitree_g1_29_urdf/g1_29dof_rev_1_0.urdf")
    other, own = load_robot(path).links, load_robot("unitree_g1").links
    for at, (name, group) in enumerate(zip(own.names, own.groups, strict=True)):
        if group == "urdf":
            there = other.names.index(name)
            np.testing.assert_allclose(own.offsets[at], other.offsets[there], atol=1e-6)
            np.testing.assert_allclose(own.rotations[at], other.rotations[there], atol=1e-6)


@pytest.mark.parametrize(
    ("group", "model"),
    [
        ("gmr", "robots/unitree_g1_gmr/g1_mocap_29dof.xml"),
        ("protomotions", "robots/unitree_g1_protomotions/g1_bm_no_mesh_box_feet.xml"),
    ],
)
def test_a_consumers_own_model_lists_the_links_that_the_description_says(
    group: str, model: str
) -> None:
    other = link_set(load_robot(shared(model)), fixed=True)
    own = link_set(load_robot("unitree_g1"), group=group)
    assert set(own.names) == set(other.names)
    if group == "protomotions":  # read by place, so that the order counts
        assert own.names == other.names
    for at, name in enumerate(own.names):
        there = other.names.index(name)
        if not own.joints[at]:
            np.testing.assert_allclose(own.offsets[at], other.offsets[there], atol=1e-6)


def test_siblings_stand_by_name_and_cousins_by_their_parents() -> None:
    #  base -> b, a;  b -> y;  a -> z
    parents, names = [-1, 0, 1, 0, 3], ["base", "b", "y", "a", "z"]
    assert level_order(parents, names) == [0, 3, 1, 4, 2]
    assert depth_first(parents) == [0, 1, 2, 3, 4]
    assert depth_first([-1, 0, 0, 1]) == [0, 1, 3, 2]


@pytest.mark.parametrize("name", ["unitree_h1", "booster_t1"])
def test_every_joint_stands_beside_the_link_that_it_moves(name: str) -> None:
    links = link_set(load_robot(name))
    for order in (ordering(links, "depth_first"), ordering(links, "level")):
        moved = [j for link in order.links for j in links.joints[link]]
        assert [int(links.joint_indices[j]) for j in order.joints] == moved
        assert sorted(order.joints.tolist()) == list(range(len(links.joint_names)))


def test_a_name_that_is_not_there_is_told() -> None:
    assert by_name(["b", "a"], ["a", "b"], "link").tolist() == [1, 0]
    with pytest.raises(UnknownNameError, match="unknown link 'c'"):
        by_name(["c"], ["a", "b"], "link")
