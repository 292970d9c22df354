"""Pictures from a camera, as they come."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
from elseface.common.errors import ElsefaceError
from elseface.scripts.console import silent_start
from elseface.scripts.footage.frame import Frame

#: Of cameras that do not say how fast they are.
RATE = 25.0


class Camera:
    """A camera by number, or anything else that OpenCV opens: a file, the address of a stream.

    Attributes
    ----------
    rate : frames a second
    width, height : of its pictures, which need not be what was asked for

    Raises
    ------
    ElsefaceError
        When it does not open.
    """

    def __init__(self, name: str, width: int, height: int) -> None:
        self.name = name
        with silent_start():  # what is wrong is said below, once
            self.device = cv2.VideoCapture(int(name) if name.isdecimal() else name)
        if not self.device.isOpened():
            why = "no such camera, in use, or no permission; try another --camera"
            raise ElsefaceError(f"camera {name}: does not open: {why}")
        self.device.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self.device.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self.device.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # old pictures are of no use
        self.rate = self.device.get(cv2.CAP_PROP_FPS) or RATE
        self.width = int(self.device.get(cv2.CAP_PROP_FRAME_WIDTH))
        self.height = int(self.device.get(cv2.CAP_PROP_FRAME_HEIGHT))

    def frames(self) -> Iterator[Frame]:
        """Frames until the camera gives no more."""
        stamp = 0
        while True:
            good, pixels = self.device.read()
            if not good:
                break
            yield Frame(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), stamp)
            stamp += 1
        if not stamp:
            raise ElsefaceError(f"camera {self.name}: opens, but gives no picture")

    def close(self) -> None:
        """Let go of it."""
        self.device.release()
