"""Photos of every kind in, upright 8-bit RGB out; nothing but pixels is written."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.photo import Photo, read_photo, write_photo
from PIL import Image, ImageCms

RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def test_exif_orientation_is_applied(tmp_path):
    image = Image.fromarray(RGB)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    image.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_photo(tmp_path / "turned.png").pixels, np.rot90(RGB, -1))


@pytest.mark.parametrize(
    ("mode", "grey"), [("L", True), ("1", True), ("P", False), ("CMYK", False), ("RGBA", False)]
)
def test_modes(tmp_path, mode, grey):
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    Image.fromarray(RGB).convert(mode).save(path)
    photo = read_photo(path)
    assert photo.pixels.shape == (4, 6, 3) and photo.pixels.dtype == np.uint8
    assert photo.grey == grey
    assert (photo.alpha is not None) == (mode == "RGBA")


def test_sixteen_bits_keep_their_range(tmp_path):
    values = np.array([[0, 257 * 100, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(
        read_photo(tmp_path / "deep.png").pixels[:, :, 0], [[0, 100, 255]]
    )


def test_dark_sixteen_bits_stay_dark(tmp_path):
    Image.fromarray(np.full((2, 2), 200, np.uint16)).save(tmp_path / "dark.png")
    assert read_photo(tmp_path / "dark.png").pixels.max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colour_profile_is_converted(tmp_path, mode):
    """A profile whose red and blue primaries are swapped: what says red is blue."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    red = Image.new("RGB", (4, 4), (255, 0, 0)).convert(mode)
    red.save(tmp_path / "odd.png", icc_profile=swapped)
    r, g, b = read_photo(tmp_path / "odd.png").pixels[0, 0].astype(int)
    assert b > 240 and r < 15 and g < 15


def test_a_phones_format_is_read():
    """A ramp of colours, 64 by 48, made with pillow-heif: no plug-in of Pillow's own reads it."""
    photo = read_photo(Path(__file__).with_name("ramp.heic"))
    down, right = np.mgrid[:48, :64]
    ramp = np.stack([right * 4, down * 5, np.full_like(down, 90)], -1)
    assert photo.pixels.shape == ramp.shape and np.abs(photo.pixels - ramp).mean() < 6


def test_what_transparency_hides_is_dropped(tmp_path):
    hidden = np.dstack([RGB + 50, np.zeros((4, 6), np.uint8)])
    Image.fromarray(hidden).save(tmp_path / "hidden.png")
    assert not read_photo(tmp_path / "hidden.png").pixels.any()


def test_unreadable_file_is_named(tmp_path, monkeypatch):
    def deny(path):
        raise PermissionError

    (tmp_path / "mine.png").touch()
    monkeypatch.setattr(Image, "open", deny)
    with pytest.raises(ElsefaceError, match=r"mine\.png: no permission"):
        read_photo(tmp_path / "mine.png")


def test_a_decoder_may_raise_anything(tmp_path, monkeypatch):
    def fail(path):
        raise TypeError("Missing dimensions")

    (tmp_path / "bad.tif").touch()
    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ElsefaceError, match=r"bad\.tif: damaged"):
        read_photo(tmp_path / "bad.tif")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_no_metadata_is_written(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    source = tmp_path / f"in{suffix}"
    options = {} if suffix == ".bmp" else {"exif": exif}
    if suffix in (".jpg", ".png", ".webp"):
        options["xmp" if suffix != ".png" else "icc_profile"] = b"<x:xmpmeta>SecretPlace"
    Image.fromarray(RGB.repeat(8, 0).repeat(8, 1)).save(source, **options)
    assert suffix == ".bmp" or b"Secret" in source.read_bytes()
    write_photo(tmp_path / f"out{suffix}", read_photo(source))
    written = (tmp_path / f"out{suffix}").read_bytes()
    assert b"Secret" not in written
    with Image.open(io.BytesIO(written)) as image:
        assert not {"exif", "xmp", "icc_profile", "photoshop"} & set(image.info)


def test_alpha_and_grey_survive(tmp_path, random):
    alpha = random.integers(0, 256, (4, 6), dtype=np.uint8)
    write_photo(tmp_path / "a.png", Photo(RGB, alpha))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png").alpha, alpha)
    write_photo(tmp_path / "g.png", Photo(RGB, grey=True))
    with Image.open(tmp_path / "g.png") as image:
        assert image.mode == "L"


def bad_file(folder, kind):
    path = folder / f"{kind}.jpg"
    whole = io.BytesIO()
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(whole, "JPEG")
    if kind == "truncated":
        path.write_bytes(whole.getvalue()[:300])
    elif kind == "text":
        path.write_text("no picture")
    elif kind == "empty":
        path.touch()
    elif kind == "animated":
        path = folder / "animated.gif"
        frames = [Image.fromarray(np.full((8, 8), 90 * i, np.uint8)) for i in range(3)]
        frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


@pytest.mark.parametrize("kind", ["truncated", "text", "empty", "animated", "absent"])
def test_bad_file_is_named(tmp_path, kind):
    path = bad_file(tmp_path, kind)
    with pytest.raises(ElsefaceError) as error:
        read_photo(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("elseface.common.photo.MAX_PIXELS", 10)
    Image.fromarray(RGB).save(tmp_path / "large.png")
    with pytest.raises(ElsefaceError, match="too large"):
        read_photo(tmp_path / "large.png")


def test_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(ElsefaceError, match=r"taken\.png"):
        write_photo(tmp_path / "taken.png", Photo(RGB))
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]
    (tmp_path / "file").touch()
    with pytest.raises(ElsefaceError, match="cannot be written"):
        write_photo(tmp_path / "file" / "photo.png", Photo(RGB))


def test_an_avif_that_is_cropped_is_refused(tmp_path):
    """Pillow shows what its clean aperture cuts off; only that there is one is looked at."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(buffer, "AVIF")
    (tmp_path / "a.avif").write_bytes(buffer.getvalue())
    assert read_photo(tmp_path / "a.avif").pixels.shape == (64, 64, 3)
    clap = struct.pack(">I4s8I", 40, b"clap", 32, 1, 64, 1, 0, 1, 0, 1)
    free = struct.pack(">I4s", 48, b"free") + clap  # a box that decoders pass over
    profile = struct.pack(">I4s", 100_008, b"free") + bytes(100_000)  # as a large profile before
    (tmp_path / "b.avif").write_bytes(buffer.getvalue() + profile + free)
    with pytest.raises(ElsefaceError, match=r"b\.avif: is cropped"):
        read_photo(tmp_path / "b.avif")
