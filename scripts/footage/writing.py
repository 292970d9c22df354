"""Writing a video: H.264, the sound copied, none of the source's metadata."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import av.error
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from elseface.common.errors import ElsefaceError
from elseface.scripts.footage.frame import Frame

#: What a result may be called, and the container each is.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
BOXED = {"mp4"}
#: Sound that is copied as it is, for it holds nothing else; Vorbis has words and pictures of the
#: source with it.
COPIED = re.compile("aac|ac3|alac|amr_nb|amr_wb|dts|eac3|flac|mp2|mp3|opus|pcm_.*|truehd")
#: The highest rate of AAC, in samples a second.
AAC_RATE = 96_000
#: Quality of H.264, lower is better, and how long the encoder may think.
QUALITY = {"crf": "18", "preset": "veryfast"}
#: H.264's code for the colours of high definition, which every result says it has.
BT709 = 1


class Writer:
    """A video being written; a context manager.

    Parameters
    ----------
    draft : the file it goes to
    path : what that is to be called at last; ends in one of :data:`CONTAINERS`
    time_base : unit of the frames' stamps, in seconds
    rate : frames a second, on average
    sounds : streams of the source whose packets will come
    comment : what the file says of itself

    Attributes
    ----------
    box : bytes at the end of the file, where its format is made of boxes; to be set before then

    Raises
    ------
    ElsefaceError
        Whenever something cannot be written.
    """

    def __init__(
        self,
        draft: Path,
        path: Path,
        time_base: Fraction,
        rate: Fraction,
        sounds: list[av.AudioStream],
        comment: str,
    ) -> None:
        self.draft, self.path = draft, path
        self.time_base, self.rate = time_base, rate
        self.sounds, self.comment, self.box = sounds, comment, b""
        self.encoded: list[av.AudioStream] = []
        self.early: list[tuple[av.Packet, list[av.AudioFrame]]] = []
        self.begun = False

    def __enter__(self) -> Writer:
        with self._explained():
            self.file = open(self.draft, "wb")
            try:
                self.container = av.open(self.file, "w", CONTAINERS[self.path.suffix.lower()])
                self.container.metadata["comment"] = self.comment
                self.video = self.container.add_stream("libx264", rate=self.rate, options=QUALITY)
                self.targets = {source.index: self._target(source) for source in self.sounds}
            except BaseException:
                self.file.close()
                raise
        return self

    def write(self, frame: Frame, pixels: np.ndarray) -> None:
        """The next frame, with `pixels` in place of its own; one odd row or column is repeated,
        as the format takes even sizes only."""
        height, width = pixels.shape[:2]
        if height % 2 or width % 2:
            odd = height % 2, width % 2
            pixels = cv2.copyMakeBorder(pixels, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE)
        with self._explained():
            if not self.begun:
                self._begin(*pixels.shape[:2])
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
            picture.pts, picture.time_base = frame.stamp, self.time_base
            self.container.mux(self.video.encode(picture))

    def hear(self, packet: av.Packet) -> None:
        """The next packet of sound; what FFmpeg says of one that is damaged is left to the
        caller, who knows the source."""
        target = self.targets.get(packet.stream.index)
        samples = packet.decode() if target in self.encoded else []
        if self.begun:
            self._put(packet, samples)
        else:  # the file begins with the size of its pictures
            self.early.append((packet, samples))

    def _put(self, packet: av.Packet, samples: list[av.AudioFrame]) -> None:
        target = self.targets.get(packet.stream.index)
        if target is None:
            return
        with self._explained():
            if target in self.encoded:
                for sample in samples:
                    self.container.mux(target.encode(sample))
            elif packet.size:  # the last packet is empty
                packet.stream = target
                self.container.mux(packet)

    def _begin(self, height: int, width: int) -> None:
        context = self.video.codec_context
        context.height, context.width = height, width
        context.pix_fmt, context.time_base = "yuv420p", self.time_base
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = ColorRange.MPEG
        self.container.start_encoding()
        self.begun = True
        for packet, samples in self.early:
            self._put(packet, samples)
        self.early.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
            else:
                with contextlib.suppress(Exception):
                    self.container.close()
        finally:
            with contextlib.suppress(OSError):
                self.file.close()

    def _finish(self) -> None:
        with self._explained():
            self.container.mux(self.video.encode(None))
            for target in self.encoded:
                self.container.mux(target.encode(None))
            self.container.close()
            if CONTAINERS[self.path.suffix.lower()] in BOXED:
                self.file.seek(0, os.SEEK_END)
                self.file.write(self.box)
            self.file.close()

    def _target(self, source: av.AudioStream) -> av.AudioStream:
        """The same sound where the container can hold it and it holds nothing else, else AAC."""
        kind = source.codec_context.codec.canonical_name
        if kind in self.container.supported_codecs and COPIED.fullmatch(kind):
            return self.container.add_stream_from_template(source)
        context = source.codec_context
        target = self.container.add_stream("aac", rate=min(context.sample_rate, AAC_RATE))
        target.codec_context.layout = context.layout.name
        self.encoded.append(target)
        return target

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
            raise ElsefaceError(f"{self.path}: cannot be written ({reason})") from None
