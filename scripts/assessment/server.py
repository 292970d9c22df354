"""The page on this computer's own address, which other computers cannot reach."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser

import uvicorn
from elseface.common.errors import ElsefaceError
from fastapi import FastAPI

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A listening socket; port 0 means any that is free.

    Raises
    ------
    ElsefaceError
        When the port is taken or not allowed.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise ElsefaceError(f"port {port}: {error.strerror}; choose another --port") from None
    listener.listen()
    return listener


def serve(app: FastAPI, listener: socket.socket, show: bool) -> None:
    """Answer until Ctrl-C; `show` opens the browser."""
    address = f"http://{HOST}:{listener.getsockname()[1]}/"
    print(f"{address}   (Ctrl-C ends it; answers are kept)", flush=True)
    if show:  # beside the server: some browsers return only when they are closed
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
