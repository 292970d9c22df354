"""``elseface``: the command line.  Heavy imports wait until a command needs them."""

from __future__ import annotations

import contextlib
import os
import signal

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
    # Ctrl-C: no draft is left.  Windows has no SIGHUP; under nohup it is ignored, and stays so.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            with contextlib.suppress(ValueError):  # in a thread
                signal.signal(number, signal.default_int_handler)
