"""``elseface assess``: people judge whether an anonymized face can still be told.

Both commands take the output folder of ``elseface evaluate``; the answers are kept there.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts.assessment.answers import FILE, Answers, tally
from elseface.scripts.assessment.gallery import read
from elseface.scripts.assessment.questions import Kind, draw
from elseface.scripts.assessment.report import figures, table
from elseface.scripts.console import complain, explained, extra, listed
from elseface.scripts.serving.hosts import check_token, is_loopback

app = typer.Typer(help="Ask people whether they can tell who it was.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Output of elseface evaluate.", metavar="DIR")]


class Kinds(StrEnum):
    """Which kinds of question are asked."""

    PAIR = "pair"
    ORIGINAL = "original"
    BOTH = "both"


@app.command("serve")
@explained
def serve(
    folder: Folder,
    methods: Annotated[
        str, typer.Option(help="Only these, by comma; default: all but `unchanged`.")
    ] = "",
    kind: Annotated[
        Kinds, typer.Option(help="Which two of ten are one person; whose face one was; or both.")
    ] = Kinds.BOTH,
    questions: Annotated[int, typer.Option(min=1, help="At most so many an assessor.")] = 30,
    seed: Annotated[int, typer.Option(min=0, help="Another number, other questions.")] = 0,
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
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
) -> None:
    """Show a page that asks, and keep the answers in DIR/assess.sqlite."""
    check_token(host, token)
    gallery = read(folder, listed(methods))
    with extra("serve"):
        from elseface.scripts import server
        from elseface.scripts.assessment import page
    listener = server.listen(port, host)
    if not is_loopback(host):
        complain("plain HTTP: whoever can listen on the network can see the pictures")
    kinds = list(Kind) if kind is Kinds.BOTH else [Kind(kind)]
    drawn = functools.partial(draw, gallery, kinds, seed, count=questions)
    app = page.create_app(gallery, Answers(folder / FILE), drawn, host, token)
    path = f"?{page.TOKEN}={quote(token, safe='')}" if token else ""
    server.serve(app, listener, not no_open, "answers are kept", path)


@app.command("report")
@explained
def report(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="For programs; no answers: [].")] = False,
) -> None:
    """Print how often people found the person behind each method's faces, against chance."""
    if not folder.is_dir():
        raise ElsefaceError(f"{folder}: no such folder")
    rows = [figures(counts) for counts in tally(folder / FILE)]
    print(json.dumps([asdict(row) for row in rows], indent=1) if as_json else table(rows))
