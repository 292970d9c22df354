"""The page of the real program in a real Chromium: photos, and the camera."""

import io
import os
import signal
import subprocess
import zipfile

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from test_assess_page import chromium, show_on, tap
from test_cli import PROGRAM, complaints, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the program works and would put temporary files."""
    return tmp_path_factory.mktemp("untouched")


@pytest.fixture(scope="module")
def address(folder):
    """Where the program serves the page; it ends at Ctrl-C and leaves nothing behind."""
    program = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder, env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    yield program.stdout.readline().split()[0]
    assert [*folder.iterdir()] == []
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=20)
    assert program.returncode == 0 and "Traceback" not in errors


@pytest.fixture(scope="module")
def couple(portrait) -> np.ndarray:
    """Two faces beside each other."""
    head = portrait[20:230, 120:330]
    return np.hstack([head, head[:, ::-1]])


@pytest.fixture(scope="module")
def photos(tmp_path_factory, couple):
    folder = tmp_path_factory.mktemp("photos")
    Image.fromarray(couple).save(folder / "couple.png")
    (folder / "walk").mkdir()
    Image.new("RGB", (400, 300), "seagreen").save(folder / "walk/meadow.png")
    (folder / "walk/notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def frames(portrait) -> list[bytes]:
    """What the camera sees: the portrait, moving to the right by five pixels each time, JPEG."""
    jpegs = []
    for shift in range(0, 40, 4):
        moved = cv2.warpAffine(portrait, np.float32([[1, 0, shift], [0, 1, 0]]), (512, 384))
        file = io.BytesIO()
        Image.fromarray(cv2.resize(moved, (640, 480))).save(file, "JPEG", quality=95)
        jpegs.append(file.getvalue())
    return jpegs


@pytest.fixture(scope="module")
def clip(tmp_path_factory, frames):
    path = tmp_path_factory.mktemp("clip") / "clip.mjpeg"
    path.write_bytes(b"".join(frames))
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory, clip):
    browser = chromium(
        tmp_path_factory.mktemp("profile"), "use-fake-device-for-media-stream",
        "use-fake-ui-for-media-stream", f"use-file-for-fake-video-capture={clip}",
    )  # fmt: skip
    yield browser
    browser.quit()


class Page:
    """The page as a person sees it."""

    def __init__(self, browser):
        self.browser = browser

    def part(self, selector):
        return self.browser.find_element("css selector", selector)

    def parts(self, selector):
        return self.browser.find_elements("css selector", selector)

    def window(self, width, height):
        show_on(self.browser, width, height)

    def fits(self):
        run = self.browser.execute_script
        return run("return document.documentElement.scrollWidth <= window.innerWidth")

    def wait(self, until):
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        ignored = [StaleElementReferenceException]  # redrawn meanwhile
        patience = WebDriverWait(self.browser, 60, 0.1, ignored_exceptions=ignored)
        return patience.until(lambda _: until())

    def click(self, selector, place=0):
        """Press a part, also one that is just being drawn anew."""
        self.wait(lambda: self.parts(selector)[place].click() is None)

    def ready(self):
        """Everything was uploaded and drawn."""
        self.wait(lambda: "…" not in self.part("#count").text and self.part("#count").text)
        self.wait(lambda: not self.part("#busy").is_displayed())

    def pixels(self, selector):
        """What an image on the page shows."""
        script = """
            const image = document.querySelector(arguments[0]);
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            return [...context.getImageData(0, 0, canvas.width, canvas.height).data];"""
        width = self.browser.execute_script(
            "return document.querySelector(arguments[0]).naturalWidth", selector
        )
        data = self.browser.execute_script(script, selector)
        return np.reshape(data, (-1, width, 4))[:, :, :3]


@pytest.fixture(scope="module")
def page(browser):
    return Page(browser)


def differs(one, other, face):
    left, top, right, bottom = face
    return np.abs(one.astype(int) - other)[top:bottom, left:right].mean()


def test_photos_in_chromium(page, address, photos, couple, tmp_path):
    from selenium.webdriver import ActionChains, Keys

    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.window(360, 640)
    page.browser.get(address)
    page.wait(lambda: page.part("#welcome").is_displayed())
    assert page.fits()
    page.part("#files").send_keys(str(photos / "couple.png"))
    page.wait(lambda: page.parts(".face"))
    dropped = {"items": [], "files": [str(photos / "walk")], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        event = {"type": step, "x": 100, "y": 300, "data": dropped}
        page.browser.execute_cdp_cmd("Input.dispatchDragEvent", event)
    page.wait(lambda: len(page.parts("#strip li")) == 2)
    page.ready()
    titles = [item.get_attribute("title") for item in page.parts("#strip button")]
    assert titles == ["couple.png", "walk/meadow.png"]
    assert page.fits() and "1 without a face" in page.part("#count").text

    # Both faces are hidden; one is kept by touch.
    labels = [face.get_attribute("aria-label") for face in page.parts(".face")]
    assert len(labels) == 2 and all("hidden" in label for label in labels)
    boxes = [face.rect for face in page.parts(".face")]
    scale = couple.shape[1] / page.part("#picture").rect["width"]
    corner = page.part("#picture").rect
    faces = [
        [round(scale * n) for n in (
            box["x"] - corner["x"], box["y"] - corner["y"],
            box["x"] - corner["x"] + box["width"], box["y"] - corner["y"] + box["height"])]
        for box in boxes
    ]  # fmt: skip
    after = page.pixels("#after")
    assert all(differs(after, couple, face) > 8 for face in faces)
    tap(page.browser, page.part(".face"))
    page.wait(lambda: page.parts(".face")[0].get_attribute("aria-pressed") == "true")
    page.ready()
    after = page.pixels("#after")
    assert differs(after, couple, faces[0]) < 4 < 8 < differs(after, couple, faces[1])

    # At a desk: an edit, another face, and before against after.
    page.window(1280, 800)
    assert page.fits()
    for press in ("input[name=Smiling][value='-']", "#another"):
        page.browser.execute_script("document.querySelector(arguments[0]).click()", press)
        page.wait(lambda: page.part("#busy").is_displayed())
        page.ready()
        assert differs(page.pixels("#after"), after, faces[1]) > 2
        after = page.pixels("#after")

    # Another method, and more of it.
    def redrawn():
        page.wait(lambda: page.part("#busy").is_displayed())
        page.ready()
        return page.pixels("#after")

    choose = "document.querySelector(`input[name=method][value=${arguments[0]}]`).click()"
    page.browser.execute_script(choose, "pixelate")
    usual = redrawn()
    assert page.part("#strength").is_displayed() and not page.part("#attributes").is_displayed()
    page.part("#amount").send_keys(Keys.END)
    assert differs(redrawn(), usual, faces[1]) > 2 < differs(usual, after, faces[1])
    page.browser.execute_script(choose, "attribute-edit")
    after = redrawn()
    assert page.part("#attributes").is_displayed()

    page.click("#compare")
    ActionChains(page.browser).send_keys(Keys.ARROW_RIGHT).perform()
    shown = page.browser.execute_script("return getComputedStyle(after).clipPath")
    assert shown == "inset(0px 0px 0px 51%)" and not page.part("#faces").is_displayed()
    page.click("#compare")

    # A face that was missed is drawn: with the mouse, and by keyboard.
    page.click("#strip button", 1)
    assert page.part("#noface").is_displayed() and not page.parts(".face")
    page.click("#draw")
    drag = ActionChains(page.browser).move_to_element_with_offset(page.part("#sheet"), -60, -60)
    drag.click_and_hold().move_by_offset(120, 120).release().perform()
    page.wait(lambda: len(page.parts(".face")) == 1)
    page.ready()
    assert page.part("#all").text == "Download all (2)"
    page.click(".face")  # takes the box away
    page.wait(lambda: not page.parts(".face"))
    page.click("#draw")
    ActionChains(page.browser).send_keys(Keys.ARROW_LEFT, Keys.ENTER).perform()
    page.wait(lambda: len(page.parts(".face")) == 1)
    page.click(".face")
    page.wait(lambda: not page.parts(".face"))
    page.ready()

    # Words in a corner, and none again.
    page.click("#strip button", 0)
    page.ready()
    after = page.pixels("#after")
    corner = (after.shape[1] // 2, after.shape[0] - 20, after.shape[1], after.shape[0])
    page.part("#label").send_keys("synthetic face", Keys.ENTER)
    assert differs(redrawn(), after, corner) > 8
    page.part("#label").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE, Keys.ENTER)
    after = redrawn()
    page.click("#strip button", 1)

    # The download: one photo, one face of it new.
    assert page.part("#all").text == "Download 1 of 2"
    page.click("#all")
    page.wait(lambda: [*tmp_path.glob("*.zip")])
    with zipfile.ZipFile(tmp_path / "elseface.zip") as archive:
        assert archive.namelist() == ["couple.png", "not included.txt"]
        result = np.asarray(Image.open(io.BytesIO(archive.read("couple.png"))))
    assert differs(result, couple, faces[0]) == 0 and differs(result, couple, faces[1]) > 8
    assert np.abs(result - after)[:20].mean() < 4  # what was shown
    page.click("#strip button", 0)
    page.wait(lambda: page.part("#save").is_displayed())
    page.click("#save")  # the same alone
    page.wait(lambda: (tmp_path / "couple.png").exists())
    assert (np.asarray(Image.open(tmp_path / "couple.png")) == result).all()

    # A folder, chosen.
    page.part("#folder").send_keys(str(photos / "walk"))
    page.wait(lambda: len(page.parts("#strip li")) == 3)
    page.ready()
    last = page.parts("#strip button")[-1].get_attribute("title")
    assert last == "walk/meadow.png"

    # Nothing came from elsewhere, nothing was against the page's own rules.
    loaded = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    for name in page.browser.execute_script(loaded):
        assert name.startswith((address, f"blob:{address}"))
    assert page.browser.get_log("browser") == []


def test_camera_in_chromium(page, address, frames):
    page.window(390, 844)
    page.browser.get(address)
    page.wait(lambda: page.part("#tab-camera").is_displayed())
    page.click("#tab-camera")
    assert page.fits() and page.parts("video") == []  # the raw picture is on no page
    page.click("#start")
    page.wait(lambda: "replaced" in page.part("#seen").text)
    assert page.fits() and page.part("#live").is_displayed()
    shown = page.pixels("#live")
    assert shown.shape == (480, 640, 3)
    seen = [np.asarray(Image.open(io.BytesIO(frame))).astype(int) for frame in frames]
    gaps = [np.abs(frame - shown)[300:].mean() for frame in seen]
    number = int(np.argmin(gaps))
    assert gaps[number] < 8  # the suit is as it was, the face is not
    face = (230 + 5 * number, 110, 320 + 5 * number, 205)
    assert differs(shown, seen[number], face) > 2 * gaps[number]
    page.click("#stop")
    assert not page.part("#live").is_displayed() and page.part("#start").is_displayed()
    assert page.browser.get_log("browser") == []


def test_a_camera_that_is_allowed_too_late_stays_off(page, address):
    """Whoever leaves while the browser asks is not filmed when somebody says yes."""
    page.browser.get(address)
    page.wait(lambda: page.part("#tab-camera").is_displayed())
    page.browser.execute_script("""
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const asked = new Promise((allow) => { window.allow = allow; });
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          window.waiting = true;
          await asked;
          return (window.opened = await real(wanted));
        };""")
    page.click("#tab-camera")
    page.click("#start")
    page.wait(lambda: page.browser.execute_script("return window.waiting"))
    page.click("#tab-photos")
    page.browser.execute_script("window.allow()")
    ended = "return window.opened?.getTracks().every((track) => track.readyState === 'ended')"
    page.wait(lambda: page.browser.execute_script(ended))
    page.click("#tab-camera")
    assert page.part("#start").is_enabled() and not page.part("#live").is_displayed()


def test_a_token_that_is_not_well_quoted_is_asked_for_again(page, address):
    page.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})  # who was let in before
    page.browser.get(f"{address}?#100%, typed")
    page.wait(lambda: page.part("#door").is_displayed())
    page.browser.get_log("browser")  # that it was refused


def test_program_names_its_mistakes(address):
    port = httpx.URL(address).port
    for arguments, says in (
        (("--host", "0.0.0.0"), "--token"),
        (("--port", port), "--port"),
        (("--token", "short"), "characters"),
    ):
        result = run("serve", "--no-open", *arguments)
        assert result.returncode == 2
        (line,) = complaints(result)
        assert says in line
