"""What a file says is not to be shown of its pictures, and decoders show all the same.

FFmpeg's libraries leave cropping by the container to players, and PyAV does not tell of it; their
decoder of VP9 knows no transparency.  What was hidden so would come back, so such a file is not
taken.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

import av
from elseface.common.photo import APERTURE

#: Matroska's elements: where they begin, the way to what is said of pictures, and of that how many
#: pixels are cut off below, above, on the left and on the right.
MATROSKA, WAY = 0x1A45DFA3, (0x18538067, 0x1654AE6B, 0xAE, 0xE0)
CROPS = {0x54AA, 0x54BB, 0x54CC, 0x54DD}


def hidden(path: Path, video: av.VideoStream) -> str | None:
    """What is hidden of its pictures, in words; None: nothing."""
    if video.metadata.get("alpha_mode", video.metadata.get("ALPHA_MODE")) == "1":
        return "has transparency that is not read"
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind = int.from_bytes(data[:4], "big")
        cropped = _by_matroska(data) if kind == MATROSKA else _by_aperture(data, video)
    return "is cropped by a note in it that is not read" if cropped else None


def _by_aperture(data: mmap.mmap, video: av.VideoStream) -> bool:
    context = video.codec_context
    for at, end in _descriptions(data):
        while (at := data.find(APERTURE, at, end)) >= 0 and at + 40 <= end:
            # Four fractions, of which the first two are its size.
            width, of_width, height, of_height = struct.unpack_from(">4I", data, at + 8)
            if width < of_width * context.width or height < of_height * context.height:
                return True
            at += len(APERTURE)
    return False


def _descriptions(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where what an ISO file says of its pictures begins and ends; nowhere in other files."""
    begin = 0
    while begin + 16 <= len(data):
        size, kind, larger = struct.unpack_from(">I4sQ", data, begin)
        end = begin + {0: len(data) - begin, 1: larger}.get(size, size)
        if kind in (b"moov", b"meta"):
            yield begin, min(end, len(data))
        if end < begin + 8:
            break
        begin = end


def _by_matroska(data: mmap.mmap) -> bool:
    found = [(0, len(data))]
    for wanted in WAY:
        found = [
            inside for place in found for kind, *inside in _elements(data, *place) if kind == wanted
        ]
    said = (element for place in found for element in _elements(data, *place))
    return any(any(data[begin:end]) for kind, begin, end in said if kind in CROPS)


def _elements(data: mmap.mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The elements of EBML (RFC 8794) in a stretch of a file: what each is, and where its content
    begins and ends."""
    while begin < end:
        kind, begin = _number(data, begin)
        if begin >= end:
            return  # truncated, which reading it will tell
        size, after = _number(data, begin)
        size ^= 1 << 7 * (after - begin)  # without what says how long the number is
        unknown = size == (1 << 7 * (after - begin)) - 1
        begin = end if unknown else min(end, after + size)
        yield kind, after, begin


def _number(data: mmap.mmap, at: int) -> tuple[int, int]:
    """A number and what comes after; its leading zeros say how many bytes it has more."""
    after = at + 9 - data[at].bit_length()
    return int.from_bytes(data[at:after], "big"), after
