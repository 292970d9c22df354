"""What a video hides of itself must not come back; and how it is turned."""

import contextlib
import struct
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.footage.cutting import Cutting
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.upright import upright
from scenes import frames_of, write
from test_video import complaint, run, scene

ONE = 1 << 16
#: Four quarters of their own: lighter to the right, redder below.
QUARTERS = np.kron(
    np.array([[(40, 0, 0), (90, 40, 40)], [(160, 0, 0), (250, 120, 120)]], np.uint8),
    np.ones((32, 48, 1), np.uint8),
)


def shown(path) -> list[np.ndarray]:
    with Clip(path) as clip:
        return [frame.pixels for frame in clip.frames(lambda packet: None)]


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((-1, 0, 0, -1), lambda p: p[::-1, ::-1]),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
        ((0, -1, 1, 0), lambda p: np.rot90(p)),
        ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda p: p[::-1, ::-1].swapaxes(0, 1)),
    ],
)
def test_a_video_is_turned_and_mirrored_as_it_says(tmp_path, matrix, seen):
    """A point (x, y) goes to (a x + c y, b x + d y); of a video of which this says nothing nothing
    is turned."""
    path = tmp_path / "in.mp4"
    write(path, [QUARTERS] * 2)
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 44
    assert struct.unpack_from(">9i", data, at) == (ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30)
    a, b, c, d = (ONE * value for value in matrix)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    expected = seen(QUARTERS)
    for pixels in shown(path):
        assert pixels.shape == expected.shape
        assert np.abs(pixels.astype(int) - expected).mean() < 4


def test_a_picture_of_another_size_is_fitted_in_not_stretched():
    small = np.full((30, 20, 3), 200, np.uint8)
    fitted = upright(av.VideoFrame.from_ndarray(small, format="rgb24"), None, (90, 160))
    assert fitted.shape == (90, 160, 3)
    lit = np.argwhere(fitted[..., 0] > 100)
    assert [*lit.min(0)] == [0, 50] and [*lit.max(0)] == [89, 109]  # 60 by 90 in the middle
    same = upright(av.VideoFrame.from_ndarray(small, format="rgb24"), None, (30, 20))
    assert (same == small).all()
    wide = upright(av.VideoFrame.from_ndarray(small, format="rgb24"), Fraction(2), None)
    assert wide.shape == (30, 40, 3)


def make(path, codec, kind, pixels):
    """A video of three RGBA frames that are all alike."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = kind
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format=kind)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_what_transparency_hides_is_black(tmp_path):
    pixels = np.full((64, 96, 4), 200, np.uint8)
    pixels[:, :32, 3], pixels[:, 32:64, 3], pixels[:, 64:, 3] = 255, 128, 0
    make(tmp_path / "in.mov", "qtrle", "argb", pixels)
    for frame in shown(tmp_path / "in.mov"):
        assert [*frame[10, ::32, 0]] == [200, 100, 0]


def test_transparency_that_is_not_read_is_refused(tmp_path):
    make(tmp_path / "in.webm", "libvpx-vp9", "yuva420p", np.full((64, 64, 4), 100, np.uint8))
    said = complaint(run(tmp_path / "in.webm", "-o", tmp_path / "out.mp4"))
    assert "in.webm: has transparency" in said
    assert [path.name for path in tmp_path.iterdir()] == ["in.webm"]


def grown(data: bytes, path: list[bytes], more: bytes) -> bytes:
    """ISO boxes with `more` at the end of the one that `path` leads to, from without."""
    (kind, *rest), start = path, 0
    while data[start + 4 : start + 8] != kind:
        start += struct.unpack_from(">I", data, start)[0]
    end = start + struct.unpack_from(">I", data, start)[0]
    head = {b"stsd": 16, b"avc1": 86}.get(kind, 8)
    inner = grown(data[start + head : end], rest, more) if rest else data[start + head : end] + more
    size = struct.pack(">I", head + len(inner))
    return data[:start] + size + data[start + 4 : start + head] + inner + data[end:]


@pytest.mark.parametrize(
    ("widths", "refused"), [([320], False), ([319], True), ([160], True), ([320, 160], True)]
)
def test_a_clean_aperture_that_cuts_something_off_is_refused(tmp_path, widths, refused):
    write(tmp_path / "whole.mp4", scene(2))
    data = (tmp_path / "whole.mp4").read_bytes()
    for width in widths:
        clap = struct.pack(">I4s8I", 40, b"clap", width, 1, 480, 2, 0, 1, 0, 1)
        boxes = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"]
        data = grown(data, boxes, clap)
    moov = data.rfind(b"moov") - 4  # comes last, so that what lies before stays in its place
    data = data[:moov] + struct.pack(">I4sQ", 16, b"meta", 0) + data[moov:]
    (tmp_path / "in.mp4").write_bytes(data)
    assert len(frames_of(tmp_path / "in.mp4")) == 2  # FFmpeg's libraries do not mind
    if refused:
        with pytest.raises(ElsefaceError, match=r"in\.mp4: is cropped by a note"):
            Clip(tmp_path / "in.mp4")
    else:
        assert len(shown(tmp_path / "in.mp4")) == 2


@pytest.mark.parametrize(
    ("said", "refused"),
    [(b"\x54\xcc\x81\x04", True), (b"\x54\xcc\x81\x00", False), (b"\x54\xb2\x81\x04", False)],
)
def test_matroska_that_is_cropped_is_refused(tmp_path, said, refused):
    """Four pixels on the left, none, or no word of it."""
    write(tmp_path / "whole.mkv", scene(2))
    data = (tmp_path / "whole.mkv").read_bytes()
    display_unit = b"\x54\xb2\x81\x04"
    assert data.count(display_unit) == 1
    (tmp_path / "in.mkv").write_bytes(data.replace(display_unit, said))
    if refused:
        with pytest.raises(ElsefaceError, match=r"in\.mkv: is cropped by a note"):
            Clip(tmp_path / "in.mkv")
    else:
        assert len(shown(tmp_path / "in.mkv")) == 2


def test_matroska_may_end_anywhere(tmp_path):
    """As a recording that broke off does; nothing but its own mistakes come of it."""
    write(tmp_path / "whole.mkv", scene(2))
    data = (tmp_path / "whole.mkv").read_bytes()
    cluster = data.find(b"\x1f\x43\xb6\x75")
    ends = [data + b"\n", data[:-1], *(data[: cluster + more] for more in range(13))]
    for end in ends:
        (tmp_path / "in.mkv").write_bytes(end)
        with contextlib.suppress(ElsefaceError):
            shown(tmp_path / "in.mkv")
    (tmp_path / "in.mkv").write_bytes(data + b"\n")
    assert len(shown(tmp_path / "in.mkv")) == 2


@pytest.mark.parametrize(
    ("sound", "rate", "kept"),
    [("vorbis", 44_100, "aac"), ("vorbis", 192_000, "aac"), ("flac", 44_100, "flac")],
)
def test_sound_that_bears_words_of_the_source_is_encoded_anew(tmp_path, sound, rate, kept):
    """Vorbis has its comments, pictures among them, in what every decoder needs."""
    path = tmp_path / "in.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 240, 320, "yuv420p"
        voice = container.add_stream(sound, rate=rate, options={"strict": "experimental"})
        voice.layout, voice.metadata["ARTIST"] = "stereo", "Jane Doe"
        tone = np.zeros((2, rate // 2), np.float32)
        heard = av.AudioFrame.from_ndarray(tone, format="fltp", layout="stereo")
        heard.sample_rate, heard.pts, heard.time_base = rate, 0, Fraction(1, rate)
        size = voice.codec_context.frame_size or 1024
        cutter = av.AudioResampler(voice.format, "stereo", rate, size)
        for part in [*cutter.resample(heard), *cutter.resample(None)]:
            container.mux(voice.encode(part))
        container.mux(voice.encode(None))
        for pixels in scene(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    if (at := data.find(b"\x03vorbis")) >= 0:  # who made it becomes who is heard
        path.write_bytes(data[: at + 11] + b"Jane" + data[at + 15 :])
    assert b"Jane" in path.read_bytes()
    assert run(path, "-o", tmp_path / "out.mkv").exit_code == 0
    with av.open(str(tmp_path / "out.mkv")) as written:
        assert written.streams.audio[0].codec_context.codec.canonical_name == kept
    assert b"Jane" not in (tmp_path / "out.mkv").read_bytes()


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_sound_that_was_cut_off_stays_away(tmp_path, name):
    """An edit list begins half a second in."""
    path = tmp_path / "in.mp4"
    write(path, scene(25), sound="aac")
    data = bytearray(path.read_bytes())
    at, cut = data.find(b"elst"), 0
    while at >= 0:
        rate = struct.unpack_from(">I", data, data.find(b"mdhd", at) + 16)[0]
        (begins,) = struct.unpack_from(">i", data, at + 16)
        struct.pack_into(">Ii", data, at + 12, 500, begins + rate // 2)
        at, cut = data.find(b"elst", at + 4), cut + 1
    assert cut == 2
    path.write_bytes(data)
    assert run(path, "-o", tmp_path / name).exit_code == 0
    with av.open(str(tmp_path / name), options={"ignore_editlist": "1"}) as written:
        (sound,) = written.streams.audio
        heard = sum(frame.samples for frame in written.decode(sound)) / sound.rate
    assert 0.45 < heard < 0.5 + 2.1 * 1024 / 8000  # a packet before, and what the last one holds


def packet(pts, discard=False, stream=1, duration=10):
    return SimpleNamespace(
        pts=pts, duration=duration, is_discard=discard, stream=SimpleNamespace(index=stream)
    )


def test_of_what_is_cut_off_before_the_beginning_the_last_packet_is_kept():
    """Fragmented files do not flag it; what is cut out later is left out wholly."""
    cutting = Cutting()
    before = [packet(-20), packet(-10), packet(-30, stream=2), packet(0, discard=True)]
    assert [cutting(cut) for cut in before] == [[]] * 4
    first, other = packet(10), packet(-5, stream=2)  # half of this is heard
    assert cutting(first) == [before[3], first]
    assert cutting(other) == [before[2], other]
    assert cutting(packet(20, discard=True)) == []
    for later in (packet(30), packet(None, duration=None), packet(0, stream=3)):
        assert cutting(later) == [later]


def test_pictures_that_a_fragmented_file_cuts_off_stay_away(tmp_path):
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w", options={"movflags": "frag_keyframe+delay_moov"}) as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 240, 320, "yuv420p"
        for pixels in scene(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    at = data.find(b"elst")
    rate = struct.unpack_from(">I", data, data.find(b"mdhd") + 16)[0]
    (begins,) = struct.unpack_from(">i", data, at + 16)
    struct.pack_into(">i", data, at + 16, begins + rate // 5)
    path.write_bytes(data)
    assert len(frames_of(path)) == 20  # FFmpeg shows them
    assert len(shown(path)) == 15
