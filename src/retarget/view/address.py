"""Addresses at which this machine can serve pages."""

from __future__ import annotations

import socket
from typing import Final

from retarget.errors import OptionsError

__all__ = ["require_servable"]

_LAST_PORT: Final = 65_535


def require_servable(host: str, port: int) -> None:
    """Look whether this machine has an address: the server's own thread could not tell anybody that it has not.

    Args:
        host: Name or address to serve at.
        port: Port; 0 is any.

    Raises:
        OptionsError: It has not, or there is no such port.
    """
    if not 0 <= port <= _LAST_PORT:
        raise OptionsError(f"must be from 0 to {_LAST_PORT}, not {port}", option="port")
    try:
        family, kind, *_, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError as error:
        cause = f"nothing can be served at {host!r} ({error.strerror or error})"
        raise OptionsError(f"{cause}; give an address of this machine", option="host") from None
