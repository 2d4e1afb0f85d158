"""Which names a pickle may call for, and what stands for each: never the thing itself, always a maker of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from retarget.containers.limits import Budget, Refused

__all__ = [
    "BUILTINS",
    "Allowance",
    "Global",
    "Make",
    "Record",
    "Source",
    "Stateful",
    "plain",
    "record",
]

Make = Callable[[tuple[object, ...], Budget], object]
"""Makes data from what a pickle hands to a class or function; it runs none of the pickle's code."""


class Source(Protocol):
    """The file that a pickle stands in, at the place that has been read to."""

    @property
    def budget(self) -> Budget:
        """Memory that it may take."""
        ...

    def take(self, size: int) -> bytes:
        """The next bytes of the file."""
        ...

    def inner(self) -> object:
        """What another pickle holds that begins here."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """Something in a pickle that takes a state."""

    def with_state(self, state: object, source: Source) -> object:
        """What stands in its place from now on."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """What stands for a class or a function that a pickle names.

    Attributes:
        name: Module and name, with a dot between.
        make: Makes data of what the pickle hands to it.
    """

    name: str
    make: Make


@dataclass(slots=True, eq=False)
class Record:
    """An object of a class that is not ours: what it was made of, and its state.

    Attributes:
        name: The class.
        arguments: What it was called with.
        state: Its attributes, or whatever else it keeps as its state.
        value: Makes plain data of it, once everything inside it is plain.
    """

    name: str
    arguments: tuple[object, ...]
    state: object
    value: Callable[[Record, Budget], object]

    def attribute(self, key: str) -> object:
        """One attribute.

        Raises:
            Refused: The object has none of that name.
        """
        if not isinstance(self.state, dict) or key not in self.state:
            raise Refused(f"holds a {self.name} without {key}", "export its arrays by themselves")
        return self.state[key]


@dataclass(frozen=True, slots=True)
class Allowance:
    """The names that a caller lets a file use. Whatever is not among them is refused by name.

    Attributes:
        makers: By ``module.name``.

    Example:
        >>> colours = Allowance({"studio.Colour": record("studio.Colour", lambda it, budget: it.arguments[0])})
        >>> sorted((PLAIN | colours).makers)[-1]  # doctest: +SKIP
        'studio.Colour'
    """

    makers: Mapping[str, Make] = field(default_factory=dict)

    def __or__(self, other: Allowance) -> Allowance:
        return Allowance(MappingProxyType({**self.makers, **other.makers}))

    def find(self, module: str, name: str) -> Global:
        """What stands for a name.

        Raises:
            Refused: It is none that is allowed.
        """
        full = f"{module}.{name}"
        if full not in self.makers:
            raise Refused(
                f"asks for {full[:200]!r}, which is no data, and was not read any further",
                "write its arrays, lists, numbers and names alone; no code of a file is ever run",
            )
        return Global(full, self.makers[full])


def record(
    name: str, value: Callable[[Record, Budget], object] = lambda it, budget: it.arguments
) -> Make:
    """A maker of records of a class, which become what ``value`` says when the file is read."""
    return lambda arguments, budget: Record(name, arguments, {}, value)


def plain(value: object, budget: Budget) -> object:
    """Data with each record in it replaced by what it stands for; the data is changed in place where it can be.

    Raises:
        Refused: It is nested too deep, or a record holds itself.
    """
    return _Plainly(budget).of(value, 0)


_DEPTH: Final = 60  # levels of nesting; motion files have five


class _Plainly:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._done: dict[int, object] = {}
        self._kept: list[object] = []  # so that no address is used twice

    def of(self, value: object, depth: int) -> object:
        if not isinstance(value, dict | list | tuple | Record):
            return value
        if id(value) in self._done:
            known = self._done[id(value)]
            if known is self:
                raise Refused("holds an object that holds itself", "export its arrays alone")
            return known
        if depth > _DEPTH:
            raise Refused(f"is nested deeper than {_DEPTH} levels", "write it flatter")
        self._kept.append(value)
        self._done[id(value)] = value if isinstance(value, dict | list) else self
        self._done[id(value)] = made = self._made(value, depth + 1)
        return made

    def _made(self, value: object, depth: int) -> object:
        if isinstance(value, dict):
            for key, inner in value.items():
                value[key] = self.of(inner, depth)
        elif isinstance(value, list):
            value[:] = [self.of(inner, depth) for inner in value]
        elif isinstance(value, tuple):
            return tuple(self.of(inner, depth) for inner in value)
        elif isinstance(value, Record):
            value.arguments = tuple(self.of(inner, depth) for inner in value.arguments)
            value.state = self.of(value.state, depth)
            return value.value(value, self._budget)
        return value


def _collection(kind: Callable[[list[object]], object]) -> Make:
    def make(arguments: tuple[object, ...], budget: Budget) -> object:
        (content,) = arguments or ((),)
        if not isinstance(content, list | tuple):
            raise TypeError("a collection is made of something else than a list")
        return kind(list(content))

    return make


def _pairs(arguments: tuple[object, ...], budget: Budget) -> object:
    if not arguments or isinstance(arguments[0], Global) or arguments[0] is None:
        return {}  # a default dictionary is one
    (content,) = arguments
    pairs = list(content.items()) if isinstance(content, dict) else content
    if not isinstance(pairs, list | tuple):
        raise TypeError("a dictionary is made of something else than pairs")
    return {_hashable(key): value for key, value in pairs}


def _hashable(key: object) -> object:
    if not isinstance(key, str | int | float | bytes | None):
        raise TypeError(f"a key is a {type(key).__name__}")
    return key


def _raw(kind: type[bytes] | type[bytearray]) -> Make:
    def make(arguments: tuple[object, ...], budget: Budget) -> object:
        if not arguments:
            return kind()
        content = arguments[0]
        if isinstance(content, str):
            return kind(content, "latin-1")
        if isinstance(content, bytes | bytearray):
            return kind(content)
        raise TypeError("bytes are made of something else than bytes")

    return make


def _encoded(arguments: tuple[object, ...], budget: Budget) -> object:
    text, encoding = arguments
    if not isinstance(text, str) or encoding not in {"latin1", "latin-1"}:
        raise TypeError(f"a text is encoded as {str(encoding)[:40]}")
    return text.encode("latin-1")


def _complex(arguments: tuple[object, ...], budget: Budget) -> object:
    real, imaginary = arguments
    if not isinstance(real, float | int) or not isinstance(imaginary, float | int):
        raise TypeError("a complex number is made of something else than numbers")
    return complex(real, imaginary)


def _no_instances(arguments: tuple[object, ...], budget: Budget) -> object:
    raise TypeError("a type is made an object of")


def _built_in(name: str, make: Make) -> dict[str, Make]:
    """A built-in of Python 3 and of Python 2."""
    return {f"builtins.{name}": make, f"__builtin__.{name}": make}


BUILTINS: Final = Allowance(
    MappingProxyType(
        {
            **_built_in("list", _collection(list)),
            **_built_in("tuple", _collection(tuple)),
            **_built_in("set", _collection(lambda items: {_hashable(item) for item in items})),
            **_built_in(
                "frozenset", _collection(lambda items: frozenset(_hashable(item) for item in items))
            ),
            **_built_in("dict", _pairs),
            **_built_in("bytes", _raw(bytes)),
            **_built_in("bytearray", _raw(bytearray)),
            **_built_in("complex", _complex),
            **{
                full: make
                for name in ("object", "bool", "int", "long", "float", "str", "unicode")
                for full, make in _built_in(name, _no_instances).items()
            },
            "_codecs.encode": _encoded,
            "collections.OrderedDict": _pairs,
            "collections.defaultdict": _pairs,
        }
    )
)
"""What Python's own data is pickled with."""
