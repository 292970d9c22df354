"""Reading photos of every common kind and writing them back without metadata."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from elseface.common.errors import ElsefaceError
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

#: What a folder is searched for, and the format each is written in.
FORMATS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP",
    ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip

#: A picture with more pixels is refused: it would take more memory than most machines have.
MAX_PIXELS = 120_000_000


@dataclass(frozen=True)
class Photo:
    """A photo, upright and in sRGB.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8, RGB
    alpha : ndarray of shape (height, width), uint8, or None where the file had none
    grey : whether the file was greyscale, and is to be written as such
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    grey: bool = False

    def with_pixels(self, pixels: np.ndarray) -> Photo:
        """The same kind of photo with other pixels of the same shape."""
        return replace(self, pixels=pixels)


def read_photo(path: Path) -> Photo:
    """Read a photo: EXIF orientation applied, 16 bits and CMYK reduced to 8-bit RGB.

    Raises
    ------
    ElsefaceError
        When the file is absent, no picture, truncated, animated or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                _refuse(path, image)
                image.load()
                return _upright(image)
    except UnidentifiedImageError:
        raise ElsefaceError(f"{path}: not a picture that can be read") from None
    except Image.DecompressionBombError:
        raise ElsefaceError(f"{path}: too large; at most {MAX_PIXELS:,} pixels") from None
    except FileNotFoundError:
        raise ElsefaceError(f"{path}: no such file") from None
    except PermissionError:
        raise ElsefaceError(f"{path}: no permission to read it") from None
    except ElsefaceError:
        raise
    except Exception as error:  # decoders raise nearly everything on damaged bytes
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ElsefaceError(f"{path}: damaged or truncated ({reason})") from None


def _refuse(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ElsefaceError(f"{path}: too large; at most {MAX_PIXELS:,} pixels")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise ElsefaceError(f"{path}: has {image.n_frames} frames; give one picture a file")


def _upright(image: Image.Image) -> Photo:
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    grey = image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16")
    alpha = None
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = np.array(image.getchannel("A"))
    if profile and not grey:
        image = _to_srgb(image if image.mode == "CMYK" else image.convert("RGB"), profile)
    pixels = np.array(image.convert("RGB"))
    if alpha is not None:
        pixels[alpha == 0] = 0  # what transparency hides must not come back in another format
    return Photo(pixels, alpha, grey)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen-bit integers, or floating point with white at 1 or at 255."""
    values = np.array(image, np.float64)
    floating_white = 1 if values.max() <= 1 else 255
    white = floating_white if image.mode == "F" else 65535
    return Image.fromarray(np.clip(values * (255 / white), 0, 255).round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The profile is not written back, so the colours it describes are converted."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError):
        return image  # a broken profile is ignored, as viewers do
    return converted if converted is not None else image


class Draft:
    """An encoded photo beside its place, to be looked at before it takes it.

    As a context manager: what was not published by the end is removed.

    Parameters
    ----------
    target : where the photo goes; its ending says in which format

    Attributes
    ----------
    path : of the encoded file, once it is written
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def write(self, photo: Photo) -> None:
        """Encode `photo`, with no metadata of any kind; :class:`ElsefaceError` if it cannot be."""
        image = Image.fromarray(photo.pixels)
        if photo.grey:
            image = image.convert("L")
        kind = FORMATS[self.target.suffix.lower()]
        if photo.alpha is not None and kind != "JPEG":
            image.putalpha(Image.fromarray(photo.alpha))
        options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
        if kind == "WEBP":
            options = {"quality": 95}
        with self._explained():
            self.target.parent.mkdir(parents=True, exist_ok=True)
            image.save(self.path, kind, **options)

    def publish(self) -> None:
        """Put the encoded file in its place."""
        with self._explained():
            os.replace(self.path, self.target)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise ElsefaceError(f"{self.target}: cannot be written ({error})") from None


def write_photo(path: Path, photo: Photo) -> None:
    """Write `photo` to `path`, whole or not at all, with no metadata of any kind."""
    with Draft(path) as draft:
        draft.write(photo)
        draft.publish()
