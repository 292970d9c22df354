"""Where live pictures go: a window, or a camera that other programs see."""

from __future__ import annotations

import os
import sys
from typing import Protocol

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import extra
from PIL import Image


class Screen(Protocol):
    """Shows pictures until somebody closes it."""

    def show(self, pixels: np.ndarray) -> bool:
        """Show a picture (height, width, 3), uint8, RGB; False once it was closed."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Window:
    """A window of this desktop.

    Raises
    ------
    ElsefaceError
        When there is no display, or Python has no tkinter.
    """

    def __init__(self, title: str) -> None:
        try:
            import tkinter

            from PIL import ImageTk
        except ImportError:
            how = "install Python's tkinter (Debian: python3-tk), or give --no-preview"
            raise ElsefaceError(f"no preview: tkinter is missing; {how}") from None
        try:
            self.root = tkinter.Tk()
        except tkinter.TclError as error:
            display = _display()
            where = f"none at {display}" if display else "$DISPLAY is not set"
            why = f"no display ({where if sys.platform.startswith('linux') else error})"
            how = "sit at the computer, or give --no-preview --virtual-camera"
            raise ElsefaceError(f"no preview: {why}; {how}") from None
        self._photo = ImageTk.PhotoImage
        self.root.title(title)
        self.label = tkinter.Label(self.root)
        self.label.pack()
        self.open = True
        self.root.protocol("WM_DELETE_WINDOW", self._closed)
        self.root.bind("<Escape>", self._closed)

    def show(self, pixels: np.ndarray) -> bool:
        """See :class:`Screen`."""
        self.picture = self._photo(Image.fromarray(pixels))  # Tk keeps no reference of its own
        self.label.configure(image=self.picture)
        self.root.update()
        return self.open

    def close(self) -> None:
        """See :class:`Screen`."""
        self.root.destroy()

    def _closed(self, *_: object) -> None:
        self.open = False


class VirtualCamera:
    """A camera that other programs can choose; what makes one differs by system.

    Raises
    ------
    ElsefaceError
        When the extra or the system's part is missing.
    """

    def __init__(self, width: int, height: int, rate: float) -> None:
        with extra("webcam"):
            import pyvirtualcam
        try:
            self.camera = pyvirtualcam.Camera(width, height, rate, print_fps=False)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            how = "Linux: modprobe v4l2loopback; Windows and macOS: install OBS"
            raise ElsefaceError(f"no virtual camera ({reason}); {how}") from None

    def show(self, pixels: np.ndarray) -> bool:
        """See :class:`Screen`."""
        self.camera.send(np.ascontiguousarray(pixels))
        return True

    def close(self) -> None:
        """See :class:`Screen`."""
        self.camera.close()


def _display() -> str | None:
    return os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
