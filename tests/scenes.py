"""Synthetic video scenes in which the place of every face is known."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from skimage.data import astronaut

HEIGHT, WIDTH = 240, 320
#: The astronaut's head in her portrait: left, top, width and height; and the part that shows her
#: face, brows to chin: centre and half axes of an ellipse, in the portrait's pixels.
HEAD = (128, 2, 190, 250)
FACE = (222, 117), (33, 50)


@dataclass(frozen=True)
class Shot:
    """A frame.

    Attributes
    ----------
    pixels : ndarray of shape (HEIGHT, WIDTH, 3), uint8, RGB
    faces : ndarrays (HEIGHT, WIDTH), bool: where a face's pixels can be seen, and `areas`: how
        many pixels it has, hidden ones included
    """

    pixels: np.ndarray
    faces: tuple[np.ndarray, ...]
    areas: tuple[int, ...]

    def exposed(self, shown: np.ndarray) -> float:
        """The largest share of a face that is as it was in another picture of this frame."""
        same = np.abs(shown.astype(int) - self.pixels).max(-1) < 16
        shares = [(same & face).sum() / area for face, area in zip(self.faces, self.areas)]
        return max(shares, default=0.0)


def backdrop(seed: int) -> np.ndarray:
    """Soft colours, twice as large as a frame."""
    random = np.random.default_rng(seed)
    few = random.integers(30, 225, (9, 12, 3)).astype(np.uint8)
    return cv2.resize(few, (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_CUBIC)


def head(width: float, turn: float = 0.0, squeeze: float = 1.0, portrait: np.ndarray | None = None):
    """The portrait's head, her face `width` pixels wide, turned by degrees, narrowed to a share:
    picture, where the head is, and where the face is (boolean); both round the face's centre.
    Another `portrait` shows somebody else in her place."""
    portrait = astronaut() if portrait is None else portrait
    side = int(4 * width) | 1
    scale = width / (2 * FACE[1][0])
    matrix = cv2.getRotationMatrix2D(FACE[0], turn, scale)
    matrix[0] *= squeeze
    matrix[:, 2] += side / 2 - matrix[:, :2] @ FACE[0] - matrix[:, 2]
    left, top, across, down = HEAD
    whole = np.zeros(portrait.shape[:2], np.uint8)
    centre = (left + across // 2, top + down // 2)
    cv2.ellipse(whole, centre, (across // 2, down // 2), 0, 0, 360, 255, cv2.FILLED)
    inner = np.zeros_like(whole)
    cv2.ellipse(inner, FACE[0], FACE[1], 0, 0, 360, 255, cv2.FILLED)
    picture, whole, inner = (
        cv2.warpAffine(p, matrix, (side, side), flags=cv2.INTER_AREA)
        for p in (portrait, whole, inner)
    )
    return picture, whole > 127, inner > 127


def shot(
    background: np.ndarray,
    places: list[tuple[float, float]],
    looks: list[tuple] | None = None,
    bar: int | None = None,
    pan: int = 0,
) -> Shot:
    """A frame with a head at each of `places`, later ones in front, each with arguments of
    :func:`head`, and a striped bar 110 pixels wide from `bar` on in front of all."""
    pixels = background[pan : pan + HEIGHT, pan : pan + WIDTH].copy()
    faces, areas = [], []
    for (x, y), look in zip(places, looks or [(56,)] * len(places)):
        picture, whole, inner = head(*look)
        side = len(picture)
        left, top = round(x) - side // 2, round(y) - side // 2
        there = slice(max(0, top), max(0, top + side)), slice(max(0, left), max(0, left + side))
        here = pixels[there]
        cut = (
            slice(max(0, -top), max(0, -top) + here.shape[0]),
            slice(max(0, -left), max(0, -left) + here.shape[1]),
        )
        head_here = whole[cut]
        here[head_here] = picture[cut][head_here]
        for face in faces:
            face[there][head_here] = False
        face = np.zeros(pixels.shape[:2], bool)
        face[there] = inner[cut]
        faces.append(face)
        areas.append(int(inner.sum()))
    if bar is not None:
        columns = slice(max(0, bar), max(0, bar + 110))
        pixels[:, columns] = np.where(np.arange(HEIGHT)[:, None, None] // 12 % 2, 60, 190)
        for face in faces:
            face[:, columns] = False
    return Shot(pixels, tuple(faces), tuple(areas))


def write(
    path,
    frames: list[np.ndarray],
    times: list[int] | None = None,
    rotation: int = 0,
    sound: str | None = None,
) -> None:
    """A video near enough without loss, 25 frames a second or at `times` in milliseconds, that is
    to be turned by `rotation` degrees before it is seen; with a second of a tone."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "8"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        if sound:
            voice = container.add_stream(sound, rate=8000)
            tone = 8000 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 8000)
            samples = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], "s16", "mono")
            samples.sample_rate, samples.pts = 8000, 0
            container.mux(voice.encode(samples))
            container.mux(voice.encode(None))
        for i, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = times[i] if times else 40 * i
            picture.time_base = Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def frames_of(path) -> list[np.ndarray]:
    """The pixels of every frame, as they are stored."""
    import av

    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
