"""Open, typed names: formats, robots and run statuses.

A kind is a string with a type and a registry. It is no ``enum.Enum``, as those cannot be added to: users subclass a
kind and register members of their own, or install a package that offers some (`retarget.plugins`), and every model
that accepts the kind accepts them too, JSON included. What a new name stands for is said where it is used: a format
by `retarget.motion.register_reader`, a robot by `retarget.robots.register_robot`. Like an enumeration a kind can be
iterated over, has a length, and its members have a ``name`` and a ``value``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from retarget import plugins
from retarget.errors import UnknownNameError
from retarget.spelling import meant_name

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["ExportFormat", "Kind", "MotionFormatKind", "RobotKind", "RunStatus"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


class _Family(type):
    """Lets a kind itself be iterated over, as an enumeration is."""

    def __iter__(cls) -> Iterator[Any]:
        return iter(cls.members())  # type: ignore[attr-defined]

    def __len__(cls) -> int:
        return len(cls.members())  # type: ignore[attr-defined]

    def __bool__(cls) -> bool:
        return True


class Kind(str, metaclass=_Family):
    """A registered name of one family; equal to, hashed as and serialised as its string.

    A direct subclass of ``Kind`` opens a family; subclasses of a family share its registry. String
    attributes of a class body become members.

    Example:
        >>> class LabFormat(MotionFormatKind):
        ...     LAB_V2 = "lab_v2"
        >>> MotionFormatKind("lab_v2") is LabFormat.LAB_V2
        True
        >>> [status.name for status in RunStatus]
        ['SUCCESS', 'SKIPPED', 'FAILED']
    """

    __slots__ = ()
    _members: ClassVar[dict[str, Kind]] = {}
    _plugins: ClassVar[plugins.Group | None] = None
    """What installed packages offer to the family."""

    def __new__(cls, name: str) -> Self:
        """Look a member up by name.

        Raises:
            UnknownNameError: No such member is registered in this family.
        """
        member = cls._members.get(str.__str__(name)) if isinstance(name, str) else None
        if isinstance(member, cls):
            return member
        offered = cls._plugins.names() if cls._plugins is not None else ()
        if name in offered:
            return cls.register(name)
        known = [str(m) for m in cls.members()]
        raise UnknownNameError(
            cls.__name__, str(name), [*known, *(name for name in offered if name not in known)]
        )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if Kind in cls.__bases__:
            cls._members = {}
        for attribute, value in list(vars(cls).items()):
            if not attribute.startswith("_") and isinstance(value, str):
                setattr(cls, attribute, cls.register(value))

    @classmethod
    def register(cls, name: str) -> Self:
        """Add a member to this family and return it; the same name and class again is a no-op.

        Raises:
            ValueError: The name is malformed, or taken by another class of the family.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{cls.__name__} name {name!r} must be lower-case letters, digits, '_', '-' or '.'"
            )
        present = cls._members.get(name)
        if present is None:
            present = cls._members[name] = str.__new__(cls, name)
        if type(present) is not cls and type(present).__qualname__ != cls.__qualname__:
            raise ValueError(f"{name!r} is already a {type(present).__name__}")
        if type(present) is not cls:  # the module was reloaded: the newest class wins
            present = cls._members[name] = str.__new__(cls, name)
        return present

    @classmethod
    def members(cls) -> tuple[Self, ...]:
        """All members of this class and its subclasses, in order of registration."""
        return tuple(m for m in cls._members.values() if isinstance(m, cls))

    @property
    def name(self) -> str:
        """The member's name in upper case, as attributes of a kind are written."""
        return re.sub(r"[^A-Z0-9]", "_", self.value.upper())

    @property
    def value(self) -> str:
        """The plain string."""
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __str__(self) -> str:
        return str.__str__(self)

    def __reduce__(self) -> tuple[object, ...]:
        # Registering anew lets a worker process unpickle members that only the driver registered.
        return (type(self).register, (self.value,))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        def validate(value: Any) -> Kind:
            return value if isinstance(value, cls) else cls(value)

        return core_schema.no_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda kind: kind.value, return_schema=core_schema.str_schema()
            ),
            json_schema_input_schema=core_schema.str_schema(),
        )


class MotionFormatKind(Kind):
    """A motion file format; ``auto`` means: look at the file's name and content."""

    _plugins = plugins.FORMATS
    AUTO: ClassVar[MotionFormatKind]
    BVH: ClassVar[MotionFormatKind]
    AMP_NPZ: ClassVar[MotionFormatKind]
    DEEPMIMIC: ClassVar[MotionFormatKind]
    SMPL: ClassVar[MotionFormatKind]
    MVNX: ClassVar[MotionFormatKind]
    MOTIVE: ClassVar[MotionFormatKind]
    GLTF: ClassVar[MotionFormatKind]
    FBX: ClassVar[MotionFormatKind]
    C3D: ClassVar[MotionFormatKind]
    TRC: ClassVar[MotionFormatKind]
    QUALISYS: ClassVar[MotionFormatKind]
    NEXUS: ClassVar[MotionFormatKind]
    ACCLAIM: ClassVar[MotionFormatKind]
    EASYMOCAP: ClassVar[MotionFormatKind]
    KINECT: ClassVar[MotionFormatKind]
    NAMED_JSON: ClassVar[MotionFormatKind]
    NAMED_CSV: ClassVar[MotionFormatKind]
    ARRAYS: ClassVar[MotionFormatKind]


class ExportFormat(Kind):
    """A file format of robot motions, named after the consumer; see ``retarget formats --exports``."""

    _plugins = plugins.EXPORTS
    UNITREE_CSV: ClassVar[ExportFormat]
    KIMODO_CSV: ClassVar[ExportFormat]
    BEYONDMIMIC: ClassVar[ExportFormat]
    MJLAB: ClassVar[ExportFormat]
    GMR: ClassVar[ExportFormat]
    TWIST: ClassVar[ExportFormat]
    GMT: ClassVar[ExportFormat]
    PHC: ClassVar[ExportFormat]
    ASAP: ClassVar[ExportFormat]
    PBHC: ClassVar[ExportFormat]
    FALCON: ClassVar[ExportFormat]
    SONIC: ClassVar[ExportFormat]
    SONIC_DEPLOY: ClassVar[ExportFormat]
    HOLOSOMA: ClassVar[ExportFormat]
    HOLOSOMA_WBT: ClassVar[ExportFormat]
    PROTOMOTIONS: ClassVar[ExportFormat]
    ISAACLAB_AMP: ClassVar[ExportFormat]
    AMP_RSL_RL: ClassVar[ExportFormat]
    LOCO_MUJOCO: ClassVar[ExportFormat]
    MIMICKIT: ClassVar[ExportFormat]
    BONES_CSV: ClassVar[ExportFormat]
    INSTINCTLAB: ClassVar[ExportFormat]
    MUJOCO_KEYFRAMES: ClassVar[ExportFormat]
    MUJOCO_SCENE: ClassVar[ExportFormat]


class RobotKind(Kind):
    """A robot known by name; ``G1`` and ``unitree-g1`` are understood as ``unitree_g1``."""

    def __new__(cls, name: str) -> Self:
        """Look a robot up by name, as people write it.

        Raises:
            UnknownNameError: No such robot is registered.
        """
        if not isinstance(name, str) or str.__str__(name) in cls._members:
            return super().__new__(cls, name)
        offered = cls._plugins.names() if cls._plugins is not None else ()
        known = {one: one for one in (*map(str, cls.members()), *offered)}
        return super().__new__(cls, meant_name(name, known) or name)

    _plugins = plugins.ROBOTS
    ALDEBARAN_ROMEO: ClassVar[RobotKind]
    APPTRONIK_APOLLO: ClassVar[RobotKind]
    BERKELEY_HUMANOID: ClassVar[RobotKind]
    BOOSTER_K1: ClassVar[RobotKind]
    BOOSTER_T1: ClassVar[RobotKind]
    BOOSTER_T1_29: ClassVar[RobotKind]
    BOSTON_DYNAMICS_ATLAS: ClassVar[RobotKind]
    FOURIER_GR1T1: ClassVar[RobotKind]
    FOURIER_GR1T2: ClassVar[RobotKind]
    FOURIER_GR2: ClassVar[RobotKind]
    FOURIER_GR3: ClassVar[RobotKind]
    IHMC_ALEXANDER: ClassVar[RobotKind]
    JVRC1: ClassVar[RobotKind]
    OPENLOONG_QINGLONG: ClassVar[RobotKind]
    PAL_TALOS: ClassVar[RobotKind]
    RAINBOW_DRC_HUBO: ClassVar[RobotKind]
    UNITREE_G1: ClassVar[RobotKind]
    UNITREE_G1_23: ClassVar[RobotKind]
    UNITREE_G1_HANDS: ClassVar[RobotKind]
    UNITREE_H1: ClassVar[RobotKind]


class RunStatus(Kind):
    """How a batch job ended."""

    SUCCESS: ClassVar[RunStatus]
    SKIPPED: ClassVar[RunStatus]
    FAILED: ClassVar[RunStatus]


MotionFormatKind.AUTO = MotionFormatKind.register("auto")
MotionFormatKind.BVH = MotionFormatKind.register("bvh")
MotionFormatKind.AMP_NPZ = MotionFormatKind.register("amp_npz")
MotionFormatKind.DEEPMIMIC = MotionFormatKind.register("deepmimic")
MotionFormatKind.SMPL = MotionFormatKind.register("smpl")
MotionFormatKind.MVNX = MotionFormatKind.register("mvnx")
MotionFormatKind.MOTIVE = MotionFormatKind.register("motive")
MotionFormatKind.GLTF = MotionFormatKind.register("gltf")
MotionFormatKind.FBX = MotionFormatKind.register("fbx")
MotionFormatKind.C3D = MotionFormatKind.register("c3d")
MotionFormatKind.TRC = MotionFormatKind.register("trc")
MotionFormatKind.QUALISYS = MotionFormatKind.register("qualisys")
MotionFormatKind.NEXUS = MotionFormatKind.register("nexus")
MotionFormatKind.ACCLAIM = MotionFormatKind.register("acclaim")
MotionFormatKind.EASYMOCAP = MotionFormatKind.register("easymocap")
MotionFormatKind.KINECT = MotionFormatKind.register("kinect")
MotionFormatKind.NAMED_JSON = MotionFormatKind.register("named_json")
MotionFormatKind.NAMED_CSV = MotionFormatKind.register("named_csv")
MotionFormatKind.ARRAYS = MotionFormatKind.register("arrays")
ExportFormat.UNITREE_CSV = ExportFormat.register("unitree_csv")
ExportFormat.KIMODO_CSV = ExportFormat.register("kimodo_csv")
ExportFormat.BEYONDMIMIC = ExportFormat.register("beyondmimic")
ExportFormat.MJLAB = ExportFormat.register("mjlab")
ExportFormat.GMR = ExportFormat.register("gmr")
ExportFormat.TWIST = ExportFormat.register("twist")
ExportFormat.GMT = ExportFormat.register("gmt")
ExportFormat.PHC = ExportFormat.register("phc")
ExportFormat.ASAP = ExportFormat.register("asap")
ExportFormat.PBHC = ExportFormat.register("pbhc")
ExportFormat.FALCON = ExportFormat.register("falcon")
ExportFormat.SONIC = ExportFormat.register("sonic")
ExportFormat.SONIC_DEPLOY = ExportFormat.register("sonic_deploy")
ExportFormat.HOLOSOMA = ExportFormat.register("holosoma")
ExportFormat.HOLOSOMA_WBT = ExportFormat.register("holosoma_wbt")
ExportFormat.PROTOMOTIONS = ExportFormat.register("protomotions")
ExportFormat.ISAACLAB_AMP = ExportFormat.register("isaaclab_amp")
ExportFormat.AMP_RSL_RL = ExportFormat.register("amp_rsl_rl")
ExportFormat.LOCO_MUJOCO = ExportFormat.register("loco_mujoco")
ExportFormat.MIMICKIT = ExportFormat.register("mimickit")
ExportFormat.BONES_CSV = ExportFormat.register("bones_csv")
ExportFormat.INSTINCTLAB = ExportFormat.register("instinctlab")
ExportFormat.MUJOCO_KEYFRAMES = ExportFormat.register("mujoco_keyframes")
ExportFormat.MUJOCO_SCENE = ExportFormat.register("mujoco_scene")
RobotKind.ALDEBARAN_ROMEO = RobotKind.register("aldebaran_romeo")
RobotKind.APPTRONIK_APOLLO = RobotKind.register("apptronik_apollo")
RobotKind.BERKELEY_HUMANOID = RobotKind.register("berkeley_humanoid")
RobotKind.BOOSTER_K1 = RobotKind.register("booster_k1")
RobotKind.BOOSTER_T1 = RobotKind.register("booster_t1")
RobotKind.BOOSTER_T1_29 = RobotKind.register("booster_t1_29")
RobotKind.BOSTON_DYNAMICS_ATLAS = RobotKind.register("boston_dynamics_atlas")
RobotKind.FOURIER_GR1T1 = RobotKind.register("fourier_gr1t1")
RobotKind.FOURIER_GR1T2 = RobotKind.register("fourier_gr1t2")
RobotKind.FOURIER_GR2 = RobotKind.register("fourier_gr2")
RobotKind.FOURIER_GR3 = RobotKind.register("fourier_gr3")
RobotKind.IHMC_ALEXANDER = RobotKind.register("ihmc_alexander")
RobotKind.JVRC1 = RobotKind.register("jvrc1")
RobotKind.OPENLOONG_QINGLONG = RobotKind.register("openloong_qinglong")
RobotKind.PAL_TALOS = RobotKind.register("pal_talos")
RobotKind.RAINBOW_DRC_HUBO = RobotKind.register("rainbow_drc_hubo")
RobotKind.UNITREE_G1 = RobotKind.register("unitree_g1")
RobotKind.UNITREE_G1_23 = RobotKind.register("unitree_g1_23")
RobotKind.UNITREE_G1_HANDS = RobotKind.register("unitree_g1_hands")
RobotKind.UNITREE_H1 = RobotKind.register("unitree_h1")
RunStatus.SUCCESS = RunStatus.register("success")
RunStatus.SKIPPED = RunStatus.register("skipped")
RunStatus.FAILED = RunStatus.register("failed")
