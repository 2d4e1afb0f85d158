"""The server of the viewer's pages: whether there can be one, and where a browser finds it."""

from __future__ import annotations

import socket
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, Final

from retarget.errors import MissingExtraError, OptionsError

__all__ = ["address_of", "quiet", "require_servable", "require_viewer", "start_server"]

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


def require_viewer() -> None:
    """Check that the viewer can be shown.

    Raises:
        MissingExtraError: viser is not installed.
    """
    try:
        import viser  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the viewer", "viewer") from error


def quiet() -> redirect_stdout[StringIO]:
    """Viser prints where it serves in a box, and that it has stopped, whatever it is asked for."""
    return redirect_stdout(StringIO())


def start_server(host: str, port: int) -> Any:
    """Serve at a host's port, or at the next free one; see `require_viewer` and `require_servable`."""
    import viser

    with quiet():
        return viser.ViserServer(host=host, port=port, label="retarget", verbose=False)


def address_of(server: Any) -> str:
    """Where a browser on this machine finds a server."""
    host = str(server.get_host())
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
    return f"http://{shown}:{server.get_port()}"
