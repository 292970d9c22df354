"""Reading photos of every common kind and writing them back without their metadata."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import IO, Any

import numpy as np
import pi_heif
from elseface.common.errors import ElsefaceError
from elseface.common.output import write_whole
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

pi_heif.register_heif_opener()  # as phones take them; Pillow alone does not read those

#: What a folder is searched for, and the format each is written in.
FORMATS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP",
    ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip

#: What Pillow may decode: to decode some of its other formats it runs programs (EPS).
READABLE = {*FORMATS.values(), "AVIF", "GIF", "HEIF", "JPEG2000", "MPO", "PPM"}

#: A clean aperture, which says what of a picture is shown (ISO 14496-12).
APERTURE = b"\x00\x00\x00\x28clap"

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

    def over(self, ground: int) -> np.ndarray:
        """What a viewer shows of it on a ground of this grey: (height, width, 3), uint8, RGB."""
        if self.alpha is None:
            return self.pixels
        shown = np.empty_like(self.pixels)
        for top in range(0, len(shown), 256):  # a large photo at once would take much memory
            rows = slice(top, top + 256)
            share = self.alpha[rows, :, None].astype(np.uint16)
            shown[rows] = (share * self.pixels[rows] + (255 - share) * ground + 127) // 255
        return shown

    @property
    def views(self) -> list[np.ndarray]:
        """Its pixels and, where some are transparent, which can draw a face as well as colours can,
        what viewers show on white and on black."""
        if self.alpha is None or self.alpha.min(initial=255) == 255:
            return [self.pixels]
        return [self.pixels, self.over(255), self.over(0)]


def read_photo(path: Path) -> Photo:
    """Read a photo: EXIF orientation applied, 16 bits and CMYK reduced to 8-bit RGB.

    Raises
    ------
    ElsefaceError
        When the file is absent, no picture, truncated, animated or too large.
    """
    return _read(lambda: path.open("rb"), path, MAX_PIXELS)


def decode_photo(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Photo:
    """As :func:`read_photo`, from the bytes of a file; `name` is what errors call it."""
    return _read(lambda: io.BytesIO(data), name, max_pixels)


def _read(opened: Callable[[], IO[bytes]], name: Path | str, max_pixels: int) -> Photo:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with opened() as file, Image.open(file) as image:
                _refuse(name, image, max_pixels)
                if image.format == "AVIF":
                    _refuse_cropped(name, file)
                image.load()
                return _upright(image)
    except UnidentifiedImageError:
        raise ElsefaceError(f"{name}: not a picture that can be read") from None
    except Image.DecompressionBombError:
        raise ElsefaceError(f"{name}: too large; at most {max_pixels:,} pixels") from None
    except FileNotFoundError:
        raise ElsefaceError(f"{name}: no such file") from None
    except PermissionError:
        raise ElsefaceError(f"{name}: no permission to read it") from None
    except ElsefaceError:
        raise
    except Exception as error:  # decoders raise nearly everything on damaged bytes
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ElsefaceError(f"{name}: damaged or truncated ({reason})") from None


def _refuse(name: Path | str, image: Image.Image, max_pixels: int) -> None:
    """Before a pixel is decoded."""
    if image.format not in READABLE:
        raise ElsefaceError(f"{name}: not a picture that can be read ({image.format})")
    if image.width * image.height > max_pixels:
        raise ElsefaceError(f"{name}: too large; at most {max_pixels:,} pixels")
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise ElsefaceError(f"{name}: has {image.n_frames} frames; give one picture a file")


def _refuse_cropped(name: Path | str, file: IO[bytes]) -> None:
    """Pillow does not heed what hides a part of an AVIF picture, which would come back."""
    file.seek(0)
    if APERTURE in file.read():
        raise ElsefaceError(f"{name}: is cropped by a note in it that is not read; export it anew")


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


def encode_photo(photo: Photo, name: str, xmp: bytes = b"") -> bytes:
    """The bytes of a file of the kind that the ending of `name` says.

    It holds no metadata but `xmp`, an XMP packet; a BMP file cannot hold that either.

    Raises
    ------
    ElsefaceError
        When that kind cannot hold the photo (WebP: more than 16383 pixels a side).
    """
    image = Image.fromarray(photo.pixels)
    if photo.grey:
        image = image.convert("L")
    kind = FORMATS[PurePath(name).suffix.lower()]
    if photo.alpha is not None and kind != "JPEG":
        image.putalpha(Image.fromarray(photo.alpha))
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    if kind == "WEBP":
        options = {"quality": 95}
    if xmp:
        options |= _holding(kind, xmp)
    file = io.BytesIO()
    try:
        image.save(file, kind, **options)
    except (OSError, ValueError) as error:
        raise ElsefaceError(f"{name}: cannot be written ({error})") from None
    return file.getvalue()


def _holding(kind: str, xmp: bytes) -> dict[str, Any]:
    """How Pillow is told to write an XMP packet into a file of this kind."""
    if kind == "PNG":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return {"pnginfo": text}
    return {"JPEG": {"xmp": xmp}, "WEBP": {"xmp": xmp}, "TIFF": {"tiffinfo": {700: xmp}}}.get(
        kind, {}
    )


def write_photo(path: Path, photo: Photo, xmp: bytes = b"") -> None:
    """Write `photo` to `path`, as :func:`encode_photo` has it, whole or not at all."""
    write_whole(path, encode_photo(photo, str(path), xmp))
