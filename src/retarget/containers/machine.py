"""Pickles of all protocols (0 to 5) read as data: an interpreter of their opcodes that can make nothing else.

Python's own unpickler is given the whole language and asked to hold back; this one has no way to import or call
anything: a name is looked up in an `Allowance`, and what stands for it makes data of data. It also asks for no memory
that the file does not pay for: Python's makes room for a length that is only claimed, or for a memo of four billion.

The opcodes are those of `pickletools`.
"""

from __future__ import annotations

import contextlib
import gc
import pickle
import struct
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

import numpy as np

from retarget.containers.allowance import Allowance, Global, Record, Stateful
from retarget.containers.arrays import fill
from retarget.containers.limits import Budget, Refused
from retarget.containers.stack import Stack, key

__all__ = ["Machine"]

_OBJECT_BYTES: Final = 64  # what an opcode may make, bytes and lists counted by the file's own size
_NEW: Final = {"copyreg._reconstructor", "copy_reg._reconstructor"}
_NEW_OBJECT: Final = {"copyreg.__newobj__", "copy_reg.__newobj__"}


class Machine(Stack):
    """Runs one pickle that lies somewhere in a file's bytes.

    Args:
        data: The file.
        at: Where the pickle begins.
        allowance: Names that it may use.
        budget: Memory that it may take.
        persistent: Data for what a pickle keeps outside of itself; None refuses it.

    Example:
        >>> Machine(pickle.dumps({"fps": 30}), 0, Allowance(), Budget()).run()
        {'fps': 30}
    """

    def __init__(
        self,
        data: bytes,
        at: int,
        allowance: Allowance,
        budget: Budget,
        persistent: Callable[[object], object] | None = None,
    ) -> None:
        super().__init__(data, at)
        self.allowance, self.budget = allowance, budget
        self.persistent = persistent
        self.records = 0

    def run(self) -> object:
        """The object that the pickle holds; ``at`` then points behind it.

        Raises:
            Refused: It needs a name that is not allowed, or too much memory.
            LookupError, TypeError, ValueError, ArithmeticError: It is torn.
        """
        with _uncollected():
            return self._run()

    def _run(self) -> object:
        data, operations, memo = self.data, _BY_CODE, self._memo
        left = self.budget.left // _OBJECT_BYTES
        begun = left
        while True:
            code = data[self.at]
            self.at += 1
            if code == _MEMOIZE and left > 0:  # without a call, as one in four is this
                left -= 1
                memo[len(memo)] = self._stack[-1]
                continue
            if code == _STOP:
                self.budget.take((begun - left) * _OBJECT_BYTES, "a pickle")
                return self._stack.pop()
            operation = operations[code]
            if operation is None:
                raise Refused(
                    f"is no pickle of data (opcode {code:#04x} at byte {self.at - 1})",
                    "check that it is the right file, and export it again",
                )
            operation(self)
            left -= 1
            if left < 0:
                self.budget.take(self.budget.limit_bytes + 1, "a pickle")

    def inner(self) -> object:
        """What another pickle holds that begins here, read as this one is."""
        machine = Machine(self.data, self.at, self.allowance, self.budget, self.persistent)
        found = machine.run()
        self.at = machine.at
        self.records += machine.records
        return found

    # Names, objects and states

    def _global_line(self) -> None:
        module, name = self._line().decode("utf-8"), self._line().decode("utf-8")
        self._push(self._found(module, name))

    def _global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a name is no text")
        self._push(self._found(module, name))

    def _found(self, module: str, name: str) -> Global:
        full = f"{module}.{name}"
        if full in _NEW:
            return Global(full, lambda arguments, budget: self._made(arguments[0], ()))
        if full in _NEW_OBJECT:
            return Global(full, lambda arguments, budget: self._made(arguments[0], arguments[1:]))
        return self.allowance.find(module, name)

    def _made(self, what: object, arguments: object) -> object:
        if not isinstance(what, Global) or not isinstance(arguments, tuple):
            raise TypeError(f"a {type(what).__name__} is called")
        made = what.make(arguments, self.budget)
        self.records += isinstance(made, Record)
        return made

    def _reduce(self) -> None:
        stack = self._stack
        arguments = stack.pop()
        stack[-1] = self._made(stack[-1], arguments)

    def _new_with_names(self) -> None:
        named, arguments, what = self._stack.pop(), self._stack.pop(), self._stack.pop()
        if named != {}:
            raise TypeError("an object is made with named arguments")
        self._push(self._made(what, arguments))

    def _marked_object(self) -> None:
        what, *arguments = self._marked()
        self._push(self._made(what, tuple(arguments)))

    def _instance_line(self) -> None:
        module, name = self._line().decode("utf-8"), self._line().decode("utf-8")
        self._push(self._made(self._found(module, name), tuple(self._marked())))

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, np.ndarray):  # first, as a file may hold one for every frame
            fill(target, state, self.budget)
        elif isinstance(target, Record):
            target.state = _attributes(state)
        elif isinstance(target, Stateful):
            self._stack[-1] = target.with_state(state, self)
        elif type(target) is not dict:  # of attributes of an ordered dictionary nothing is wanted
            raise TypeError(f"a {type(target).__name__} has no state")

    def _outside(self, key: object) -> None:
        if self.persistent is None:
            raise Refused("keeps part of its data elsewhere", "export it again as one plain file")
        self._push(self.persistent(key))

    def _protocol(self) -> None:
        version = self.take(1)[0]
        if version > pickle.HIGHEST_PROTOCOL:
            raise Refused(
                f"is a pickle of protocol {version}", "write it with protocol 5 or an older one"
            )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing looks for cycles among what is being made: there are none, and many small arrays take a third longer."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _attributes(state: object) -> object:
    """An object's attributes; those in slots stand in the second half of a pair."""
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        return {**(state[0] if isinstance(state[0], dict) else {}), **state[1]}
    return state


_SIZES: Final = {"B": "<B", "H": "<H", "i": "<i", "I": "<I", "Q": "<Q"}
_Operation = Callable[[Machine], None]


def _sized(letter: str, then: Callable[[Machine, int], None]) -> _Operation:
    """An operation on a number that follows it."""
    layout = struct.Struct(_SIZES[letter])
    return lambda machine: then(machine, machine._number(layout))


def _lined(then: Callable[[Machine, int], None]) -> _Operation:
    return lambda machine: then(machine, int(machine._line()))


def _pushing(make: Callable[[], object]) -> _Operation:
    return lambda machine: machine._stack.append(make())


def _pushing_always(value: object) -> _Operation:
    return lambda machine: machine._stack.append(value)


def _extension(machine: Machine) -> None:
    raise Refused("uses numbers for names of code", "write it again as plain data")


def _buffer(machine: Machine) -> None:
    raise Refused("keeps its arrays in other buffers", "write it again as one plain file")


def _bytes(machine: Machine, size: int) -> None:
    machine._push(machine.take(size))


def _short_bytes(machine: Machine) -> None:
    size = machine.data[machine.at]
    machine.at += 1
    machine._stack.append(machine.take(size))


def _skip(machine: Machine) -> None:
    """Nothing: what is read only stays so."""


_STOP: Final = pickle.STOP[0]
_MEMOIZE: Final = pickle.MEMOIZE[0]
_OPERATIONS: Final = MappingProxyType(
    {
        code[0]: operation
        for code, operation in {
            pickle.PROTO: Machine._protocol,
            pickle.FRAME: lambda m: m.take(8) and None,
            pickle.MARK: Machine._mark,
            pickle.POP: Machine._pop,
            pickle.POP_MARK: lambda m: m._marked() and None,
            pickle.DUP: lambda m: m._push(m._stack[-1]),
            pickle.NONE: _pushing_always(None),
            pickle.NEWTRUE: _pushing_always(True),
            pickle.NEWFALSE: _pushing_always(False),
            pickle.INT: Machine._integer_line,
            pickle.BININT: _sized("i", Machine._push),
            pickle.BININT1: Machine._small,
            pickle.BININT2: _sized("H", Machine._push),
            pickle.LONG: Machine._long_line,
            pickle.LONG1: _sized("B", Machine._long),
            pickle.LONG4: _sized("i", Machine._long),
            pickle.FLOAT: Machine._float_line,
            pickle.BINFLOAT: Machine._float,
            pickle.STRING: Machine._escaped_line,
            pickle.BINSTRING: _sized("i", Machine._old_text),
            pickle.SHORT_BINSTRING: _sized("B", Machine._old_text),
            pickle.UNICODE: Machine._unicode_line,
            pickle.BINUNICODE: _sized("I", Machine._text),
            pickle.SHORT_BINUNICODE: _sized("B", Machine._text),
            pickle.BINUNICODE8: _sized("Q", Machine._text),
            pickle.BINBYTES: _sized("I", _bytes),
            pickle.SHORT_BINBYTES: _short_bytes,
            pickle.BINBYTES8: _sized("Q", _bytes),
            pickle.BYTEARRAY8: _sized("Q", lambda m, size: m._push(bytearray(m.take(size)))),
            pickle.EMPTY_TUPLE: _pushing_always(()),
            pickle.EMPTY_LIST: _pushing(list),
            pickle.EMPTY_DICT: _pushing(dict),
            pickle.EMPTY_SET: _pushing(set),
            pickle.TUPLE: Machine._marked_tuple,
            pickle.TUPLE1: Machine._tuple_of_one,
            pickle.TUPLE2: Machine._tuple_of_two,
            pickle.TUPLE3: Machine._tuple_of_three,
            pickle.LIST: lambda m: m._push(m._marked()),
            pickle.DICT: Machine._marked_dict,
            pickle.FROZENSET: lambda m: m._push(frozenset(map(key, m._marked()))),
            pickle.APPEND: Machine._append,
            pickle.APPENDS: lambda m: m._extend(m._marked()),
            pickle.SETITEM: Machine._set_item,
            pickle.SETITEMS: lambda m: m._set_items(m._marked()),
            pickle.ADDITEMS: Machine._add_items,
            pickle.GET: _lined(Machine._get),
            pickle.BINGET: Machine._get_near,
            pickle.LONG_BINGET: _sized("I", Machine._get),
            pickle.PUT: _lined(Machine._put),
            pickle.BINPUT: Machine._put_near,
            pickle.LONG_BINPUT: _sized("I", Machine._put),
            pickle.MEMOIZE: Machine._memoize,
            pickle.GLOBAL: Machine._global_line,
            pickle.STACK_GLOBAL: Machine._global,
            pickle.REDUCE: Machine._reduce,
            pickle.NEWOBJ: Machine._reduce,
            pickle.NEWOBJ_EX: Machine._new_with_names,
            pickle.OBJ: Machine._marked_object,
            pickle.INST: Machine._instance_line,
            pickle.BUILD: Machine._build,
            pickle.PERSID: lambda m: m._outside(m._line().decode("ascii")),
            pickle.BINPERSID: lambda m: m._outside(m._stack.pop()),
            pickle.EXT1: _extension,
            pickle.EXT2: _extension,
            pickle.EXT4: _extension,
            pickle.NEXT_BUFFER: _buffer,
            pickle.READONLY_BUFFER: _skip,
        }.items()
    }
)
_BY_CODE: Final = tuple(_OPERATIONS.get(code) for code in range(256))
"""The same by opcode: a file has millions of them."""
