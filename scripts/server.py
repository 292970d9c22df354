"""Pages for a browser; by default on an address that other computers cannot reach."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import webbrowser

import uvicorn
from elseface.common.errors import ElsefaceError
from fastapi import FastAPI

#: This computer alone.
HOST = "127.0.0.1"


def listen(port: int, host: str = HOST) -> socket.socket:
    """A listening socket; port 0 means any that is free.

    Raises
    ------
    ElsefaceError
        When the port is taken or not allowed, or the host is none of this computer's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            what = f"host {host}: none of this computer's addresses; choose another --host"
            raise ElsefaceError(what) from None
        raise ElsefaceError(f"port {port}: {error.strerror}; choose another --port") from None
    listener.listen()
    return listener


def serve(app: FastAPI, listener: socket.socket, show: bool, note: str, path: str = "") -> None:
    """Answer until Ctrl-C; `show` opens the browser, `note` is told, `path` is the page's."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # all addresses, this one among them
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/{path}"
    print(f"{address}   (Ctrl-C ends it; {note})", flush=True)
    if show:  # beside the server: some browsers return only when they are closed
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
