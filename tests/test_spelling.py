"""Names are understood as people write them, where they can mean but one."""

from __future__ import annotations

import pytest

from retarget.errors import UnknownNameError
from retarget.kinds import RobotKind
from retarget.spelling import meant_name, nearest_names

KNOWN = {
    "unitree_g1": "unitree_g1",
    "unitree_g1_29": "unitree_g1",
    "unitree_g1_23": "unitree_g1_23",
    "unitree_h1": "unitree_h1",
    "boston_dynamics_atlas": "boston_dynamics_atlas",
    "fourier_gr1t1": "fourier_gr1t1",
    "booster_t1": "booster_t1",
    "lab_humanoid": "lab_humanoid",
    "cmu_humanoid": "cmu_humanoid",
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("unitree_g1", "unitree_g1"),
        ("G1", "unitree_g1"),
        ("unitree-g1", "unitree_g1"),
        ("Unitree G1", "unitree_g1"),
        ("UnitreeG1", "unitree_g1"),
        ("g1_29dof", "unitree_g1"),
        ("G1-29 DoF", "unitree_g1"),
        ("g1_23", "unitree_g1_23"),
        ("unitree_g1_23dof", "unitree_g1_23"),
        ("atlas", "boston_dynamics_atlas"),
        ("Boston Dynamics Atlas", "boston_dynamics_atlas"),
        ("T1", "booster_t1"),
    ],
)
def test_what_is_written_is_understood(written: str, meant: str) -> None:
    assert meant_name(written, KNOWN) == meant


@pytest.mark.parametrize("written", ["23", "29", "humanoid", "g2", "", "unitree", "1"])
def test_what_could_mean_several_or_none_is_not_guessed(written: str) -> None:
    assert meant_name(written, KNOWN) is None


def test_the_nearest_names_are_those_spelt_alike() -> None:
    assert nearest_names("unitree_g2", KNOWN)[0] == "unitree_g1"
    assert nearest_names("bostn dynamics atlas", KNOWN) == ["boston_dynamics_atlas"]
    assert nearest_names("xyzzy", KNOWN) == []


def test_a_kind_of_robot_is_found_as_people_write_it() -> None:
    assert RobotKind("G1") is RobotKind.UNITREE_G1
    assert RobotKind("booster-t1") is RobotKind.BOOSTER_T1
    with pytest.raises(UnknownNameError):
        RobotKind("g7")
