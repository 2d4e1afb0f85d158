"""The formats of other tools, each a table; special builders only where a row cannot say it."""

from retarget.exchange.consumers.amp import AMP_RSL_RL, ISAACLAB_AMP
from retarget.exchange.consumers.deploy import SONIC_DEPLOY
from retarget.exchange.consumers.gmr import GMR, GMT, TWIST
from retarget.exchange.consumers.holosoma import HOLOSOMA, HOLOSOMA_WBT
from retarget.exchange.consumers.loco import LOCO_MUJOCO
from retarget.exchange.consumers.phc import ASAP, FALCON, PBHC, PHC, SONIC
from retarget.exchange.consumers.plain import (
    BONES_CSV,
    INSTINCTLAB,
    KIMODO_CSV,
    MUJOCO_KEYFRAMES,
    MUJOCO_SCENE,
    UNITREE_CSV,
)
from retarget.exchange.consumers.policies import MIMICKIT, PROTOMOTIONS
from retarget.exchange.consumers.tracking import BEYONDMIMIC, MJLAB
from retarget.exchange.tables import ExportTable

__all__ = ["OWN_TABLES"]

OWN_TABLES: tuple[ExportTable, ...] = (
    UNITREE_CSV,
    KIMODO_CSV,
    BEYONDMIMIC,
    MJLAB,
    GMR,
    TWIST,
    GMT,
    PHC,
    ASAP,
    PBHC,
    FALCON,
    SONIC,
    SONIC_DEPLOY,
    HOLOSOMA,
    HOLOSOMA_WBT,
    PROTOMOTIONS,
    ISAACLAB_AMP,
    AMP_RSL_RL,
    LOCO_MUJOCO,
    MIMICKIT,
    BONES_CSV,
    INSTINCTLAB,
    MUJOCO_KEYFRAMES,
    MUJOCO_SCENE,
)
