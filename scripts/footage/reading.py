"""Reading a video: pictures upright and with square pixels, sound as it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
from elseface.common.errors import ElsefaceError
from elseface.scripts.footage.cutting import Cutting
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.hiding import hidden
from elseface.scripts.footage.upright import upright

#: A file is taken for truncated if it ends so many seconds before it says it does.
MISSING = 1.0


class Clip:
    """An open video file; a context manager.

    Attributes
    ----------
    path : Path
    video : its picture stream
    sounds : its sound streams, but for those of a kind that nobody knows
    rate : frames a second, on average
    expected : about how many frames it has, or None if the file does not say

    Raises
    ------
    ElsefaceError
        When the file is absent or no video that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explained(path):
            self.container = av.open(str(path), metadata_errors="replace")
        pictures = [s for s in self.container.streams.video if s.codec_context and not _is_cover(s)]
        if not pictures:
            self.container.close()
            raise ElsefaceError(f"{path}: has no moving picture that can be read")
        self.video = pictures[0]
        with _explained(path):
            why = hidden(path, self.video)
        if why:
            self.container.close()
            raise ElsefaceError(f"{path}: {why}; export it as it is to be seen")
        self.video.thread_type = "AUTO"
        self.sounds = [s for s in self.container.streams.audio if s.codec_context]
        self.rate = Fraction(self.video.average_rate or self.video.guessed_rate or 25)
        self.expected = self.video.frames or self._estimated()

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    def frames(self, hear: Callable[[av.Packet], None]) -> Iterator[Frame]:
        """Every frame in order, stamped in units of ``video.time_base``; packets of sound go to
        `hear` as they come.

        Raises
        ------
        ElsefaceError
            When the file turns out to be damaged or truncated.
        """
        stamp: int | None = None
        shape: tuple[int, int] | None = None
        reached = 0.0
        cutting = Cutting()
        packets = self.container.demux()  # the others too: subtitles may last longest
        while (packet := self._next(packets)) is not None:
            reached = max(reached, _end(packet))
            if packet.stream in self.sounds:
                with _explained(self.path, reached):
                    for heard in cutting(packet):
                        hear(heard)
            if packet.stream is not self.video:
                continue
            with _explained(self.path, reached):
                pictures = packet.decode()
            for picture in pictures:
                if self._before_start(picture):
                    continue
                with _explained(self.path, reached):
                    pixels = upright(picture, self.video.sample_aspect_ratio, shape)
                shape = pixels.shape[:2]
                stamp = self._stamp(picture, stamp)
                reached = max(reached, float(stamp * self.video.time_base))
                yield Frame(pixels, stamp)
        if stamp is None:
            raise ElsefaceError(f"{self.path}: holds no frame that can be read; truncated?")
        self._check_end(reached)

    def _next(self, packets: Iterator[av.Packet]) -> av.Packet | None:
        with _explained(self.path):
            return next(packets, None)

    def _stamp(self, picture: av.VideoFrame, last: int | None) -> int:
        """Some files give frames no time, or two the same."""
        step = max(1, round(1 / (self.rate * self.video.time_base)))
        if picture.pts is None:
            return 0 if last is None else last + step
        return picture.pts if last is None else max(picture.pts, last + 1)

    def _before_start(self, picture: av.VideoFrame) -> bool:
        """Whether an edit list cuts it off: FFmpeg itself does that but in fragmented files."""
        return "mp4" in self.container.format.name and (picture.pts or 0) < 0

    def _estimated(self) -> int | None:
        if self.container.duration is None:
            return None
        return round(self.container.duration / av.time_base * self.rate)

    def _check_end(self, reached: float) -> None:
        start = (self.container.start_time or 0) / av.time_base
        promised = (self.container.duration or 0) / av.time_base
        if reached - start < promised - MISSING:
            found = f"ends after {reached - start:.1f} of {promised:.1f} seconds"
            raise ElsefaceError(f"{self.path}: truncated, {found}; mend it first")


@contextlib.contextmanager
def _explained(path: Path, reached: float | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ElsefaceError(f"{path}: no such file") from None
    except PermissionError:
        raise ElsefaceError(f"{path}: no permission to read it") from None
    except IsADirectoryError:
        raise ElsefaceError(f"{path}: is a folder; give one video") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        if reached is None:
            why = f"no video, or one that is damaged or truncated ({reason})"
            raise ElsefaceError(f"{path}: {why}") from None
        where = f"damaged after {reached:.1f} seconds"
        raise ElsefaceError(f"{path}: {where} ({reason}); mend it first") from None


def _end(packet: av.Packet) -> float:
    if packet.pts is None or packet.time_base is None:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _is_cover(stream: av.VideoStream) -> bool:
    """Whether it is a still, such as the picture on an album, and not the film."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
