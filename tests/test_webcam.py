"""``elseface webcam`` with a file for a camera and a fake of the system's virtual camera."""

import builtins
import importlib.util
import itertools
import sys
import types

import numpy as np
import pytest
from elseface.scripts.cli import app
from elseface.scripts.footage import preview
from elseface.scripts.footage.camera import Camera
from scenes import backdrop, shot, write
from typer.testing import CliRunner

SHOTS = [shot(backdrop(0), [(140 + 2 * i, 120)]) for i in range(14)]


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "camera.mp4"
    write(path, [s.pixels for s in SHOTS])
    return path


class FakeCamera:
    """As pyvirtualcam's, it takes pictures of one size."""

    made: "FakeCamera"

    def __init__(self, width, height, fps, print_fps):
        self.shape, self.sent, self.closed = (height, width, 3), [], False
        FakeCamera.made = self

    def send(self, pixels):
        assert pixels.shape == self.shape and pixels.flags["C_CONTIGUOUS"]
        self.sent.append(pixels)

    def close(self):
        self.closed = True


@pytest.fixture
def virtual(monkeypatch):
    module = types.SimpleNamespace(Camera=FakeCamera)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return module


def run(*arguments):
    command = ["webcam", "--method", "blackout", *map(str, arguments)]
    return CliRunner().invoke(app, command)


def complaint(result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_virtual_camera_gets_every_frame_without_a_face(camera, virtual):
    result = run("--camera", camera, "--virtual-camera", "--no-preview")
    assert result.exit_code == 0, result.output
    sent = FakeCamera.made.sent
    assert FakeCamera.made.closed and len(sent) == len(SHOTS)
    assert all(s.exposed(pixels) < 0.03 for s, pixels in zip(SHOTS, sent))


def test_words_are_written_on_every_frame(camera, virtual):
    live = ("--camera", camera, "--virtual-camera", "--no-preview")
    assert run(*live).exit_code == 0
    plain = FakeCamera.made.sent
    assert run(*live, "--label", "nobody").exit_code == 0
    for one, other in zip(plain, FakeCamera.made.sent, strict=True):
        rows, columns = np.nonzero((one != other).any(-1))
        assert rows.min() > 200 and columns.min() > 200 and other[rows, columns].max() > 220
    assert "cannot write" in complaint(run(*live, "--label", "\U0001f600"))


def test_closing_the_window_ends_it(camera, monkeypatch):
    shown = []

    class Window:
        def __init__(self, title):
            pass

        def show(self, pixels):
            shown.append(pixels)
            return len(shown) < 3

        def close(self):
            shown.append(None)

    monkeypatch.setattr(preview, "Window", Window)
    assert run("--camera", camera).exit_code == 0
    assert len(shown) == 4 and shown[-1] is None
    assert all(np.ptp(pixels) > 0 for pixels in shown[:3])


def test_ctrl_c_ends_it(camera, virtual, monkeypatch):
    """Nothing is said, and the cameras are let go of."""
    closed = []

    class Stopped(Camera):
        def frames(self):
            yield from itertools.islice(super().frames(), 10)
            raise KeyboardInterrupt

        def close(self):
            closed.append(True)
            super().close()

    monkeypatch.setattr("elseface.scripts.footage.camera.Camera", Stopped)
    result = run("--camera", camera, "--virtual-camera", "--no-preview")
    assert result.exit_code == 0 and result.stderr == ""
    assert closed and FakeCamera.made.closed


def test_the_window_shows_what_it_is_given_until_it_is_closed(monkeypatch):
    """With a tkinter that only notes what it is told."""

    class Tk:
        def __init__(self):
            self.bound, self.alive = {}, True

        def title(self, text):
            self.named = text

        def protocol(self, name, do):
            self.bound[name] = do

        bind = protocol

        def update(self):
            pass

        def destroy(self):
            self.alive = False

    class Label:
        def __init__(self, root):
            pass

        def pack(self):
            pass

        def configure(self, image):
            shown.append(image)

    shown = []
    tkinter = types.SimpleNamespace(Tk=Tk, Label=Label, TclError=RuntimeError)
    monkeypatch.setitem(sys.modules, "tkinter", tkinter)
    photos = types.SimpleNamespace(PhotoImage=np.asarray)
    monkeypatch.setitem(sys.modules, "PIL.ImageTk", photos)
    monkeypatch.setattr("PIL.ImageTk", photos, raising=False)
    for way in ("<Escape>", "WM_DELETE_WINDOW"):
        shown.clear()
        window = preview.Window("elseface")
        assert window.root.named == "elseface" and window.show(SHOTS[0].pixels)
        np.testing.assert_array_equal(shown[0], SHOTS[0].pixels)
        window.root.bound[way]()
        assert not window.show(SHOTS[1].pixels)
        window.close()
        assert not window.root.alive


def test_says_what_is_missing(camera, virtual, monkeypatch, tmp_path):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if sys.platform.startswith("linux") and importlib.util.find_spec("_tkinter"):
        assert "DISPLAY is not set" in complaint(run("--camera", camera))
    live = ("--no-preview", "--virtual-camera")
    assert "does not open" in complaint(run("--camera", tmp_path / "none.mp4", *live))
    assert "--virtual-camera" in complaint(run("--camera", camera, "--no-preview"))
    assert "does not open" in complaint(run("--camera", "²", *live))  # a digit, but no number
    for size in ("wide", "640x4²"):
        assert "--size" in complaint(run("--camera", camera, "--size", size, *live))

    def refuse(*_, **__):
        raise RuntimeError("No v4l2 loopback device found")

    virtual.Camera = refuse
    assert "modprobe v4l2loopback" in complaint(run("--camera", camera, *live))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    assert "elseface[webcam]" in complaint(run("--camera", camera, *live))


def test_python_without_tkinter(camera, monkeypatch):
    load = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "tkinter":
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "python3-tk" in complaint(run("--camera", camera))
