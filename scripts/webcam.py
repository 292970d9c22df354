"""``elseface webcam``: the camera's picture without faces, live."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts import loading
from elseface.scripts.console import explained, listed, silent_start
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.scripts.footage.preview import Screen

#: Seconds for which a lost face stays covered.
HOLD = 5.0


@explained
def command(
    camera: Annotated[str, typer.Option(help="Its number, or a file or address.")] = "0",
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT to ask the camera for.")] = "640x480",
    virtual_camera: Annotated[
        bool, typer.Option("--virtual-camera", help="Be a camera for other programs.")
    ] = False,
    no_preview: Annotated[bool, typer.Option("--no-preview", help="Open no window.")] = False,
    method: loading.Method = MethodName.ATTRIBUTE_EDIT,
    strength: loading.Strength = None,
    gallery: loading.Gallery = None,
    policy: loading.Policy = PolicyName.PPAS,
    shape: loading.Shape = ShapeName.NEW,
    edit: loading.Edit = "",
    keep: loading.Keep = "",
    seed: loading.Seed = 0,
    label: Annotated[
        str | None, typer.Option(help='Words to write on it, such as "synthetic face".')
    ] = None,
    weights: loading.Weights = None,
) -> None:
    """Show the camera with every face replaced, about half a second late; Esc or Ctrl-C ends it.

    The delay is what lets a face be covered in the frames before it was found.
    """
    if no_preview and not virtual_camera:
        raise ElsefaceError("--no-preview leaves nothing to do without --virtual-camera")
    options = loading.EditOptions(policy, shape, edit, listed(keep))
    width, height = _size(size)
    from elseface.scripts.footage.camera import Camera
    from elseface.scripts.footage.marking import unmarked
    from elseface.scripts.footage.preview import VirtualCamera, Window
    from elseface.scripts.footage.protection import protect
    from elseface.scripts.footage.tracking import FINE, Tracker
    from elseface.scripts.release.label import Label
    from elseface.stage1_disentangle.detectors import load_detector

    words = Label(label) if label is not None else None
    with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
        screens: list[Screen] = []
        if not no_preview:
            screens.append(stack.enter_context(contextlib.closing(Window("elseface"))))
        source = stack.enter_context(contextlib.closing(Camera(camera, width, height)))
        with silent_start():
            anonymizer = loading.load_anonymizer(
                method, strength, gallery, weights, options, film=True
            )
            load_detector(DetectorName.UNION)  # before the first frame, and what TensorFlow says
        if virtual_camera:
            target = VirtualCamera(source.width, source.height, source.rate)
            screens.append(stack.enter_context(contextlib.closing(target)))
        mark = words.words((source.height, source.width), ()).over if words else unmarked
        hold = round(HOLD * source.rate)
        for protected in protect(source.frames(), anonymizer, seed, FINE, [Tracker(hold)]):
            pixels = mark(protected.pixels)
            if not all([screen.show(pixels) for screen in screens]):
                break


def _size(text: str) -> tuple[int, int]:
    width, x, height = text.partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ElsefaceError(f"--size {text}: give WIDTHxHEIGHT, such as 640x480")
    return int(width), int(height)
