"""Ctrl-C and SIGTERM: the first asks a run to stop, the second stops it."""

from __future__ import annotations

import _thread
import itertools
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

__all__ = ["StopSignals", "leave_signals_to_main_thread"]


class StopSignals:
    """Handles the stop signals for the length of a run, where that is possible: in the main thread.

    The first signal only notes the request. Any later one raises ``KeyboardInterrupt`` where the main
    thread happens to be. A signal that the process was told to ignore stays ignored.

    Args:
        grace_s: Seconds that jobs in flight get after the first signal.
        interrupts: Whether :meth:`tick` should send the second signal itself when these are over, because
            the main thread is busy with the job.

    Example:
        >>> with StopSignals(grace_s=10.0) as stop:
        ...     stop.requested
        False
    """

    def __init__(self, grace_s: float, *, interrupts: bool = False) -> None:
        self._grace_s = grace_s
        self._interrupts = interrupts
        self._received: int | None = None
        self._signals = itertools.count()
        self._deadline = float("inf")
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in {signal.SIG_IGN, None}:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self._received is not None

    @property
    def overdue(self) -> bool:
        """Whether the grace time since then is over."""
        return time.monotonic() > self._deadline

    @property
    def name(self) -> str:
        """Name of the signal that has come."""
        return "" if self._received is None else signal.Signals(self._received).name

    @property
    def hint(self) -> str:
        """What a person can do now, to be put behind the name."""
        return f"; jobs in flight have {self._grace_s:g} s to end, the same signal again stops them at once"

    def tick(self) -> None:
        """Called now and then from another thread."""
        if self._interrupts and self.overdue and self._received is not None:
            self._deadline = time.monotonic() + self._grace_s  # a job may have swallowed the first
            _send_to_main_thread(self._received)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        # Counted in one step: a second signal may come before the first line for the first has run.
        if next(self._signals) > 0:
            raise KeyboardInterrupt(
                f"received {signal.Signals(number).name} again, stopped at once"
            )
        self._received = number
        self._deadline = time.monotonic() + self._grace_s


def leave_signals_to_main_thread() -> None:
    """In any other thread: keep the stop signals from being delivered here.

    Python handles them in the main thread, but one delivered elsewhere does not end a sleep of that thread.
    """
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def _send_to_main_thread(number: int) -> None:
    """A real signal where there is such a thing: it also ends a sleep or a read of the main thread."""
    main = threading.main_thread().ident
    if sys.platform != "win32" and main is not None:
        signal.pthread_kill(main, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
