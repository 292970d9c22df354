"""``elseface video`` on files of every kind, and on none."""

import functools
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.cli import app
from elseface.scripts.footage.flicker import Flicker
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.reading import Clip
from elseface.scripts.footage.writing import Writer
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate import attribute_edit
from elseface.stage3_generate.choices import MethodName
from PIL import Image
from scenes import HEIGHT, WIDTH, Shot, backdrop, frames_of, shot, write
from typer.testing import CliRunner

PROGRAM = Path(sys.executable).parent / "elseface"
BACKGROUND = backdrop(0)


def scene(n: int = 15) -> list[np.ndarray]:
    return [shot(BACKGROUND, [(140 + 2 * i, 120)]).pixels for i in range(n)]


def run(*arguments):
    quick = ["--method", "blackout", "--no-verify"]
    return CliRunner().invoke(app, ["video", *map(str, arguments), *quick])


def complaint(result) -> str:
    """The one line of a mistake."""
    assert result.exit_code == 2, result.output
    (line,) = (li for li in result.stderr.splitlines() if li.startswith("elseface: "))
    return line


def black(pixels: np.ndarray) -> float:
    return float((pixels.max(-1) < 25).mean())


def packets(path, kind: str) -> list[av.Packet]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [packet for packet in container.demux(stream) if packet.size]


def test_sound_is_copied_and_what_is_no_face_stays(tmp_path):
    frames = scene()
    write(tmp_path / "in.mp4", frames, sound="aac")
    assert run(tmp_path / "in.mp4", "-o", tmp_path / "out.mp4").exit_code == 0
    before, after = (packets(tmp_path / name, "audio") for name in ("in.mp4", "out.mp4"))
    assert [bytes(p) for p in before] == [bytes(p) for p in after]
    assert [p.pts * p.time_base for p in before] == [p.pts * p.time_base for p in after]
    written = frames_of(tmp_path / "out.mp4")
    assert len(written) == len(frames) and written[0].shape == frames[0].shape
    assert all(0.03 < black(pixels) < 0.15 for pixels in written)
    away = np.abs(written[-1][:, :60].astype(int) - frames[-1][:, :60])
    assert away.mean() < 3
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert not {"title", "location"} & set(container.metadata)
        # As --method blackout leaves them.
        assert "this video were made unrecognizable (elseface" in container.metadata["comment"]


def test_sound_can_be_left_out_or_be_of_another_kind(tmp_path):
    write(tmp_path / "in.mov", scene(), sound="pcm_mulaw")  # which MP4 does not hold
    assert run(tmp_path / "in.mov", "-o", tmp_path / "mute.mp4", "--no-audio").exit_code == 0
    assert run(tmp_path / "in.mov", "-o", tmp_path / "aac.mp4").exit_code == 0
    with av.open(str(tmp_path / "mute.mp4")) as container:
        assert not container.streams.audio
    with av.open(str(tmp_path / "aac.mp4")) as container:
        (sound,) = container.streams.audio
        assert sound.codec_context.name == "aac"
        assert 0.9 < float(sound.duration * sound.time_base) < 1.3


def test_flicker_is_measured_for_a_report_only(tmp_path, monkeypatch):
    write(tmp_path / "in.mp4", scene(2))
    added = []
    monkeypatch.setattr(Flicker, "add", lambda self, protected: added.append(protected))
    assert run(tmp_path / "in.mp4", "-o", tmp_path / "out.mp4").exit_code == 0
    assert not added
    report = "--report", tmp_path / "report.json"
    assert run(tmp_path / "in.mp4", "-o", tmp_path / "again.mp4", *report).exit_code == 0
    assert len(added) == 2


@pytest.mark.parametrize(("name", "sound"), [("out.mkv", None), ("out.mp4", "aac")])
def test_variable_frame_rate_keeps_its_times(tmp_path, name, sound):
    times = list(np.cumsum([0, 20, 90, 40, 33, 150, 21, 40, 40, 70, 20, 20]))
    write(tmp_path / "in.mp4", scene(len(times)), [int(t) for t in times], sound=sound)
    assert run(tmp_path / "in.mp4", "-o", tmp_path / name).exit_code == 0
    shown = sorted(float(p.pts * p.time_base) for p in packets(tmp_path / name, "video"))
    assert np.allclose(shown, np.array(times) / 1000, atol=0.0011)
    if sound:
        heard = [packets(file, "audio") for file in (tmp_path / "in.mp4", tmp_path / name)]
        one, other = ([float(p.pts * p.time_base) for p in of] for of in heard)
        assert np.allclose(one, other, atol=0.0011)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotated_video_comes_out_upright(tmp_path, rotation):
    lying = [np.ascontiguousarray(np.rot90(pixels, -rotation // 90)) for pixels in scene(4)]
    write(tmp_path / "in.mp4", lying, rotation=rotation)
    assert run(tmp_path / "in.mp4", "-o", tmp_path / "out.mp4").exit_code == 0
    written = frames_of(tmp_path / "out.mp4")
    assert written[0].shape == (HEIGHT, WIDTH, 3)
    assert np.abs(written[0][:60].astype(int) - scene(1)[0][:60]).mean() < 3


def test_a_lying_video_of_uneven_times_is_verified(tmp_path):
    """What is read back is turned and timed as what was read."""
    lying = [np.ascontiguousarray(np.rot90(pixels, -1)) for pixels in scene(6)]
    write(tmp_path / "in.mp4", lying, [0, 20, 110, 150, 900, 1400], rotation=90)
    output, report = tmp_path / "out.mp4", tmp_path / "report.json"
    arguments = [tmp_path / "in.mp4", "-o", output, "--method", "blackout", "--report", report]
    result = CliRunner().invoke(app, ["video", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    (person,) = json.loads(report.read_text())["people"]
    assert person["verified"] and person["frames"] == 6 and person["looks"] >= 2
    assert all(0.03 < black(pixels) < 0.15 for pixels in frames_of(output))


def test_a_copy_of_what_shows_nobody_is_verified(tmp_path):
    write(tmp_path / "in.mp4", [BACKGROUND[:HEIGHT, :WIDTH]] * 3)
    arguments = [tmp_path / "in.mp4", "-o", tmp_path / "out.mp4", "--if-no-face", "copy"]
    assert CliRunner().invoke(app, ["video", *map(str, arguments)]).exit_code == 0
    assert len(frames_of(tmp_path / "out.mp4")) == 3


def test_odd_sizes_get_a_row_more(tmp_path):
    path = tmp_path / "out.mp4"
    writer = Writer(path, path, Fraction(1, 25), Fraction(25), [], "")
    (pixels,) = scene(1)
    with writer:
        writer.write(Frame(pixels, 0), pixels[:-1, :-1])
    assert frames_of(path)[0].shape == (HEIGHT, WIDTH, 3)


def test_nobody_in_it_is_not_written_unless_asked(tmp_path):
    write(tmp_path / "in.mp4", [BACKGROUND[:HEIGHT, :WIDTH]] * 3)
    assert "no face found" in complaint(run(tmp_path / "in.mp4", "-o", tmp_path / "out.mp4"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    copied = run(tmp_path / "in.mp4", "-o", tmp_path / "out.mp4", "--if-no-face", "copy")
    assert copied.exit_code == 0 and len(frames_of(tmp_path / "out.mp4")) == 3
    assert b"xmpmeta" not in (tmp_path / "out.mp4").read_bytes()  # nobody was replaced


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("video") / "in.mkv"
    write(path, scene(50), sound="aac")
    return path


def test_damaged_files(video, tmp_path):
    whole = video.read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.mp4").write_text("not a video")
    bad = {
        "half.mkv": "truncated",
        "text.mp4": "no video, or one that is damaged",
        "no.mp4": "no such file",
    }
    for name, says in bad.items():
        line = complaint(run(tmp_path / name, "-o", tmp_path / "out.mp4"))
        assert name in line and says in line
    assert {path.name for path in tmp_path.iterdir()} == {"half.mkv", "text.mp4"}


def test_a_stream_of_which_nothing_can_be_read(tmp_path):
    """FFmpeg opens it without knowing how large its pictures are."""
    with av.open(str(tmp_path / "in.ts"), "w", "mpegts") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for pixels in scene(20):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    data = np.frombuffer((tmp_path / "in.ts").read_bytes(), np.uint8).reshape(-1, 188).copy()
    names = (data[:, 1].astype(int) & 0x1F) * 256 + data[:, 2]
    data[names == 256, 24:] = 0x55  # packets of the first stream
    (tmp_path / "in.ts").write_bytes(data.tobytes())
    line = complaint(run(tmp_path / "in.ts", "-o", tmp_path / "out.mp4"))
    assert "in.ts" in line and not (tmp_path / "out.mp4").exists()


def test_damaged_sound_is_the_sources_fault(video):
    def hear(packet):
        raise av.error.InvalidDataError(1, "Invalid data")

    with Clip(video) as clip, pytest.raises(ElsefaceError, match=r"damaged after .*Invalid data"):
        list(clip.frames(hear))


def test_subtitles_that_last_longest_are_no_sign_of_truncation(tmp_path):
    write(tmp_path / "in.mp4", scene(8))
    (tmp_path / "s.srt").write_text("1\n00:00:00,100 --> 00:00:05,000\nHello.\n")
    with (
        av.open(str(tmp_path / "in.mp4")) as film,
        av.open(str(tmp_path / "s.srt")) as text,
        av.open(str(tmp_path / "both.mkv"), "w") as both,
    ):
        streams = [both.add_stream_from_template(source.streams[0]) for source in (film, text)]
        for source, stream in zip((text, film), streams[::-1]):
            for packet in source.demux():
                if packet.dts is not None and packet.size:
                    packet.stream = stream
                    both.mux(packet)
    with av.open(str(tmp_path / "both.mkv")) as both:
        assert both.duration > 4 * av.time_base and both.streams.subtitles
    assert run(tmp_path / "both.mkv", "-o", tmp_path / "out.mp4").exit_code == 0
    assert len(frames_of(tmp_path / "out.mp4")) == 8


def test_a_video_damaged_in_the_middle_exposes_nobody(tmp_path):
    """Decoders conceal what they cannot read; what they show then is protected as anything else."""
    write(tmp_path / "in.mkv", scene(30))
    data = bytearray((tmp_path / "in.mkv").read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(len(data) // 4, len(data), 40):
        data[place] ^= 255
    (tmp_path / "bad.mkv").write_bytes(data)
    result = run(tmp_path / "bad.mkv", "-o", tmp_path / "out.mp4")
    if result.exit_code:
        assert "bad.mkv" in complaint(result) and not (tmp_path / "out.mp4").exists()
    else:
        seen = zip(frames_of(tmp_path / "bad.mkv"), frames_of(tmp_path / "out.mp4"), strict=True)
        assert all(black(shown) > black(damaged) for damaged, shown in seen)


def test_outputs_that_will_not_do(video, tmp_path):
    (tmp_path / "there.mp4").write_text("dear to me")
    for output, says in (
        (video, "overwrite the original"),
        (tmp_path / "there.mp4", "exists"),
        (tmp_path / "out.webm", ".mkv"),
        (tmp_path, "ending in"),
    ):
        assert says in complaint(run(video, "-o", output))
    assert (tmp_path / "there.mp4").read_text() == "dear to me"
    with_report = run(video, "-o", tmp_path / "out.mp4", "--report", video)
    assert "another --report" in complaint(with_report)


def test_a_failed_overwrite_loses_nothing(video, tmp_path):
    (tmp_path / "there.mp4").write_text("dear to me")
    (tmp_path / "half.mkv").write_bytes(video.read_bytes()[:9000])
    run(tmp_path / "half.mkv", "-o", tmp_path / "there.mp4", "--overwrite")
    assert (tmp_path / "there.mp4").read_text() == "dear to me"


@pytest.mark.skipif(os.name == "nt", reason="limits file sizes as POSIX does")
def test_full_disk(video, tmp_path):
    """A limit on the file's size fails a write as a full disk does."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        line = complaint(run(video, "-o", tmp_path / "out.mp4"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "out.mp4: cannot be written" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_is_stopped_leaves_nothing_behind(tmp_path, stop):
    write(tmp_path / "in.mp4", scene(8) * 60)
    command = [PROGRAM, "video", "in.mp4", "-o", "out.mp4", "--method", "blackout"]
    # What runs the tests may ignore the signal, as nohup and a shell's background do.
    heed = functools.partial(signal.signal, stop, signal.SIG_DFL)
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    )
    while not list(tmp_path.glob(".out.mp4.*.part")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(stop)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in said
    assert "out.mp4 was not written" in said or stop == signal.SIGHUP  # there is no terminal
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_the_network_gives_a_person_one_face(tmp_path, monkeypatch):
    """Attributes are estimated once, half of the faces are drawn, two at a time, the face stays the
    same and does not flicker: it changes by .6 of the noise of the original, and where landmarks
    are not smoothed by twice that noise.  The report and the certificate say that this was
    verified."""
    random = np.random.default_rng(0)
    noisy = [pixels + random.normal(0, 3, pixels.shape) for pixels in scene(12)]
    write(tmp_path / "in.mp4", [np.clip(pixels, 0, 255).astype(np.uint8) for pixels in noisy])
    arguments = ["video", tmp_path / "in.mp4", "-o", tmp_path / "out.mp4", "--seed", "2"]
    arguments += ["--report", tmp_path / "report.json", "--certificate", tmp_path / "c.json"]
    estimated, drawn = [], []
    estimate, draw = attribute_edit.estimate_attributes, Decoder.draw
    monkeypatch.setattr(
        attribute_edit, "estimate_attributes",
        lambda photo, faces, by: estimated.append(len(faces)) or estimate(photo, faces, by),
    )  # fmt: skip
    monkeypatch.setattr(
        Decoder, "draw", lambda self, faces, of: drawn.append(len(faces)) or draw(self, faces, of)
    )
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert estimated == [1]
    assert drawn[-3:] == [2, 2, 2]  # of four frames at a time every second
    (person,) = json.loads((tmp_path / "report.json").read_text())["people"]
    assert person["frames"] == person["seen"] == 12
    assert len(person["attributes_before"]) == len(person["attributes_after"]) == 40
    assert 0 < person["flicker"] < 1
    assert person["verified"] and person["looks"] >= 1 and person["outcome"] == "as asked"
    assert person["distance_before"] < person["threshold"] == 0.6 <= person["distance_after"]
    assert 0 < person["false_accept_rate"] < 0.02
    (tried,) = person["tried"]
    assert tried["passed"] and tried["distance"] == person["distance_after"]
    Image.new("RGB", (9, 9)).save(tmp_path / "beside.png")
    assert check(tmp_path / "c.json") == 0
    with open(tmp_path / "out.mp4", "ab") as file:
        file.write(b"\0")
    assert check(tmp_path / "c.json") == 1


@pytest.fixture(scope="module")
def gallery(tmp_path_factory, anonymizer, portrait) -> Path:
    """A picture of ten people who are nobody."""
    crop = portrait[18:236, 133:311]
    row = np.hstack([crop, crop[:, ::-1], crop, crop[:, ::-1], crop])
    ten = np.vstack([row, row])
    path = tmp_path_factory.mktemp("gallery") / "ten.png"
    Image.fromarray(anonymizer.anonymize(ten, find_faces(ten), 0).pixels).save(path)
    return path


def detail(pixels: np.ndarray) -> np.ndarray:
    """What is finer than three pixels or so."""
    grey = pixels.astype(np.float32).mean(-1)
    return grey - cv2.GaussianBlur(grey, (0, 0), 2)


def detail_left(before: Shot, after: np.ndarray) -> float:
    """The share of a face's detail that another picture has in the same place; of what shows its
    colours alone, or the detail of another face, little."""
    (face,) = before.faces
    old, new = detail(before.pixels)[face], detail(after)[face]
    return float(old @ new / (old @ old))


@pytest.fixture(scope="module")
def by_method(tmp_path_factory, gallery):
    """What the report says of the one person of a short video, and the share of her face's detail
    that is left in each written frame, at most; verified."""
    folder = tmp_path_factory.mktemp("methods")
    shots = [shot(BACKGROUND, [(140 + 3 * i, 120)]) for i in range(5)]
    write(folder / "in.mp4", [s.pixels for s in shots])
    unchanged = frames_of(folder / "in.mp4")
    assert min(map(detail_left, shots, unchanged)) > 0.9  # so that the share can be too large

    def run(method: MethodName, *options) -> tuple[dict, float]:
        arguments = ["video", folder / "in.mp4", "-o", folder / "out.mp4", "--overwrite"]
        arguments += ["--method", method, *options, "--report", folder / "report.json"]
        if method is MethodName.MEAN_FACE:
            arguments += ["--gallery", gallery]
        result = CliRunner().invoke(app, [*map(str, arguments)])
        assert result.exit_code == 0, result.output
        (person,) = json.loads((folder / "report.json").read_text())["people"]
        assert person["frames"] == len(shots) and person["verified"] and person["looks"] >= 2
        assert person["distance_before"] < person["threshold"]
        written = frames_of(folder / "out.mp4")
        assert len(written) == len(shots)
        return person, max(map(detail_left, shots, written))

    return run


@pytest.mark.parametrize("method", MethodName)
def test_every_method_hides_a_face_in_every_frame(by_method, method):
    person, left = by_method(method)
    assert person["outcome"] == "as asked" and left < 0.5
    assert person["distance_after"] >= person["threshold"]


@pytest.mark.parametrize(
    ("method", "strength"),
    [(MethodName.BLUR, 0.02), (MethodName.PIXELATE, 0.02), (MethodName.SWIRL, 0.1)],
)
def test_what_hides_too_little_is_replaced_by_a_mask(by_method, method, strength):
    """Strengths at which the recognizer knows the face still."""
    person, left = by_method(method, "--strength", strength)
    assert [tried["passed"] for tried in person["tried"]] == [False, True]
    assert person["tried"][0]["distance"] < person["threshold"]
    assert person["outcome"] == "mask" and left < 0.2
    assert person["distance_after"] >= person["threshold"]


def test_the_certificate_is_of_one_file(tmp_path):
    """It has the hash of the video that was written, none of the original, and any other file of
    that name is told apart."""
    original, output = tmp_path / "in.mp4", tmp_path / "out.mp4"
    write(original, scene(3))
    arguments = [original, "-o", output, "--method", "blackout", "--certificate", tmp_path / "c"]
    result = CliRunner().invoke(app, ["video", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    written, text = output.read_bytes(), (tmp_path / "c").read_text()
    (file,) = json.loads(text)["files"]
    assert file["name"] == "out.mp4" and file["sha256"] == hashlib.sha256(written).hexdigest()
    assert hashlib.sha256(original.read_bytes()).hexdigest() not in text
    changed = bytearray(written)
    changed[len(written) // 2] ^= 1
    for content, status in (
        (written, 0),
        (changed, 1),
        (written[:-1], 1),
        (original.read_bytes(), 1),
        (written, 0),
    ):
        output.write_bytes(content)
        assert check(tmp_path / "c") == status
    output.unlink()
    assert check(tmp_path / "c") == 1


def check(certificate: Path) -> int:
    return CliRunner().invoke(app, ["check", str(certificate)]).exit_code


@pytest.mark.parametrize("option", ["--certificate", "--key"])
def test_what_only_verification_can_give(video, tmp_path, option):
    line = complaint(run(video, "-o", tmp_path / "out.mp4", option, tmp_path / "file"))
    assert option in line and "--no-verify" in line
    assert not list(tmp_path.iterdir())


def test_a_key_that_is_too_short_is_named(video, tmp_path):
    (key := tmp_path / "key").write_bytes(b"short")
    command = ["video", video, "-o", tmp_path / "out.mp4", "--key", key]
    line = complaint(CliRunner().invoke(app, [*map(str, command)]))
    assert str(key) in line and "a key has 32 or more" in line
    assert [path.name for path in tmp_path.iterdir()] == ["key"]
