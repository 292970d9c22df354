"""``elseface``: the command line.  Heavy imports wait until a command needs them."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import NoReturn

import typer
from elseface.scripts import (
    anonymize,
    assess,
    attributes,
    check,
    demo,
    evaluate,
    serve,
    train,
    video,
    webcam,
)  # fmt: skip

app = typer.Typer(
    help="Replace the faces in photos by faces of nobody.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("anonymize")(anonymize.command)
app.command("check")(check.command)
app.command("attributes")(attributes.command)
app.command("demo")(demo.command)
app.command("evaluate")(evaluate.command)
app.command("serve")(serve.command)
app.command("video")(video.command)
app.command("webcam")(webcam.command)
app.add_typer(train.app, name="train")
app.add_typer(assess.app, name="assess")


@app.callback()
def _prepared() -> None:
    """Replace the faces in photos by faces of nobody."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Whoever is told to end, as when the system goes down or the window is closed, ends as by
    # Ctrl-C: no draft is left.
    with contextlib.suppress(ValueError):  # in a thread
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # Windows has none; under nohup it is ignored, and stays so.
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _hung_up)


def _hung_up(number: int, frame: FrameType | None) -> NoReturn:
    """Nobody reads any more what is said: writing it would fail, and cost what is to be kept."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    raise KeyboardInterrupt
