"""``elseface serve``: a page on which photos and the camera's picture are anonymized."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from elseface.scripts.console import complain, explained, extra, silent_start
from elseface.scripts.serving.hosts import check_token, is_loopback


@explained
def command(
    host: Annotated[
        str, typer.Option(help="Address to serve on; this computer alone by default.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8765,
    token: Annotated[
        str,
        typer.Option(
            envvar="ELSEFACE_TOKEN", help="Password for the page; a must with other hosts."
        ),
    ] = "",
    weights: Annotated[
        Path | None, typer.Option(help="Weights of your own training.", show_default=False)
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
) -> None:
    """Show a page that anonymizes photos and the camera; pictures stay in memory here."""
    check_token(host, token)
    with extra("serve"):
        from elseface.scripts import server
    listener = server.listen(port, host)
    with extra("serve"), silent_start():
        from elseface.common.weights import PACKAGED
        from elseface.scripts.release.verify import load_verifier
        from elseface.scripts.serving.app import create_app
        from elseface.scripts.serving.settings import anonymizer_for
        from elseface.stage1_disentangle.choices import DetectorName
        from elseface.stage1_disentangle.detectors import second
        from elseface.stage3_generate.load import load_attribute_edit

        ours = load_attribute_edit(folder=weights or PACKAGED)
        verifier = load_verifier(second(DetectorName.UNION))
    if not is_loopback(host):
        complain("plain HTTP: whoever can listen on the network can read along; ssh -L is safer")
    app = create_app(functools.partial(anonymizer_for, ours), verifier, host, token)
    # Behind the # the token is never sent, nor does it show up in a log: the page reads it.
    path = f"#{quote(token, safe='')}" if token else ""
    server.serve(app, listener, not no_open, "pictures are forgotten then", path)
