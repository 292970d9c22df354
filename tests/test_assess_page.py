"""The page as the real program serves it: over HTTP, and in a real Chromium."""

import shutil
import signal
import socket
import subprocess
import sys

import httpx
import pytest
from elseface.scripts.assessment.answers import FILE, Answers, tally
from elseface.scripts.assessment.questions import Kind
from test_assess import evaluated
from test_cli import PROGRAM, complaints, run

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return evaluated(tmp_path_factory.mktemp("evaluated"))


@pytest.fixture(scope="module")
def address(folder):
    """Where the program serves the folder; it ends at Ctrl-C without a stack trace."""
    program = subprocess.Popen(
        [PROGRAM, "assess", "serve", folder, "--port", "0", "--no-open", "--questions", "8"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield program.stdout.readline().split()[0]
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=20)
    assert program.returncode == 0 and "Traceback" not in errors


@pytest.fixture
def assessor(address):
    with httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture
def answers(folder):
    return Answers(folder / FILE)


def test_no_picture_is_told_by_anything_but_its_look(assessor, answers):
    """Files of the methods are of other modes and sizes, compress better and say what they are."""
    standing = assessor.post("assessor").json()
    for _ in range(4):
        question = standing["question"]
        replies = [assessor.get(f"picture/{question['token']}/{i}") for i in range(10)]
        headers = [{k: v for k, v in r.headers.items() if k != "date"} for r in replies]
        assert all(other == headers[0] for other in headers)
        assert headers[0]["content-type"] == "image/png"
        assert headers[0]["cache-control"] == "no-store" and "etag" not in headers[0]
        assert {len(r.content) for r in replies} == {int(headers[0]["content-length"])}
        assert len({r.content[:33] for r in replies}) == 1  # signature, size and mode
        assert not any(b"anonymized" in r.content for r in replies)
        assert len({r.content for r in replies}) == 10
        assert set(question) == {"token", "kind", "choices", "picks"}
        method = answers.question(question["token"]).method
        standing = assessor.post(f"answer/{question['token']}", json={"picked": []})
        assert method not in standing.text and "truth" not in standing.text
        standing = standing.json()


def test_an_answer_is_taken_once_and_only_if_it_is_one(assessor, answers, folder):
    assert assessor.get("question").status_code == 404  # nobody has started
    token = assessor.post("assessor").json()["question"]["token"]
    assert assessor.post("assessor").json()["question"]["token"] == token  # of another tab
    kind = answers.question(token).kind
    for picked in ([0, 0], [0, 1, 2], [kind.choices], [-1, 0], [0] * (3 - kind.picks), ["a"]):
        reply = assessor.post(f"answer/{token}", json={"picked": picked})
        assert reply.status_code == 422, picked
    assert assessor.post(f"answer/{token}", json={"picked": [*range(kind.picks)]}).is_success
    assert assessor.post(f"answer/{token}", json={"picked": []}).status_code == 409
    assert assessor.get("question").json()["done"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "picture/absent/0",
        "picture/{token}/10",
        "picture/{token}/-1",
        "picture/{token}/..%2F..%2Fpictures.csv",
        "..%2Fpage.py",
        "%2e%2e/page.py",
        "static/../../page.py",
        "assess.sqlite",
        "docs",
        "openapi.json",
    ],
)
def test_nothing_else_is_served(assessor, path):
    token = assessor.post("assessor").json()["question"]["token"]
    assert assessor.get(path.format(token=token)).status_code in (404, 422)
    assert assessor.post("answer/absent", json={"picked": []}).status_code == 404


def test_page_comes_from_here_and_is_for_this_computer(assessor):
    reply = assessor.get("")
    assert reply.headers["content-security-policy"].startswith("default-src 'self'")
    assert "//" not in reply.text.replace("<!doctype", "")
    cookie = assessor.post("assessor").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert assessor.get("", headers={"Host": "elsewhere.example"}).status_code == 421


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_only_this_address_is_bound(address, folder):
    port = httpx.URL(address).port
    assert address == f"http://127.0.0.1:{port}/"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)
    result = run("assess", "serve", folder, "--port", port, "--no-open")
    assert result.returncode == 2 and "--port" in complaints(result)[0]


def chromium(folder, *switches):
    """A headless Chromium that keeps its profile in `folder`."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("chromium and chromedriver are not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    usual = (
        "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        " disable-component-update disable-sync disable-dev-shm-usage"
    )
    for switch in (*usual.split(), f"user-data-dir={folder}", *switches):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))


def show_on(browser, width, height):
    """As on a screen of that size; a narrow one is a phone's, which has no mouse."""
    phone = width < 700
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})


def tap(browser, part):
    """Touch a part of the page with a finger, and see that the page felt one."""
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
    from selenium.webdriver.common.actions.pointer_input import PointerInput

    browser.execute_script(
        "window.felt = null; arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
        "addEventListener('pointerdown', event => { window.felt = event.pointerType },"
        " {once: true, capture: true})",
        part,
    )
    touch = ActionBuilder(browser, mouse=PointerInput(POINTER_TOUCH, "finger"))
    touch.pointer_action.move_to(part).pointer_down().pointer_up()
    touch.perform()
    assert browser.execute_script("return window.felt") == "touch"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


def test_people_answer_in_chromium(browser, address, answers, folder):
    """On a phone by touch and at a desk by keyboard, to the last question."""
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.support.ui import WebDriverWait

    def part(selector):
        return browser.find_element("css selector", selector)

    def cards():
        return browser.find_elements("css selector", ".card")

    def wide():
        return browser.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )

    def wait(until):
        return WebDriverWait(browser, 15, 0.05).until(lambda _: until())

    def question(done):
        """The question on the page, once so many are answered."""
        wait(lambda: part("#count").text == f"{done + 1} of 8")
        wait(lambda: not browser.execute_script("return busy"))
        source = part("#choices img").get_attribute("src")
        return answers.question(source.split("/")[-2])

    before = sum(row.successes for row in tally(folder / FILE))
    show_on(browser, 360, 640)
    browser.get(address)
    wait(lambda: part("#agree").is_displayed())
    assert wide() <= 0
    tap(browser, part("#agree"))
    kinds = set()
    for done in range(3):  # by touch, always right
        asked = question(done)
        kinds.add(asked.kind)
        assert wide() <= 0 and not part("#next").is_enabled()
        assert len(cards()) == asked.kind.choices
        labels = [card.get_attribute("aria-label") for card in cards()]
        assert labels == [f"Picture {i + 1}" for i in range(asked.kind.choices)]
        sizes = {(card.size["width"], card.size["height"]) for card in cards()}
        assert len(sizes) == 1 and min(*sizes) >= 72  # large enough for a thumb
        tap(browser, cards()[next(i for i in range(9) if i not in asked.truth)])
        for place in asked.truth:
            tap(browser, cards()[place])  # takes the place of the wrong one
        pressed = [i for i, c in enumerate(cards()) if c.get_attribute("aria-pressed") == "true"]
        assert tuple(pressed) == asked.truth
        tap(browser, part("#next"))
    show_on(browser, 1280, 800)
    for done in range(3, 7):  # by keyboard, always right
        asked = question(done)
        kinds.add(asked.kind)
        assert wide() <= 0
        keys = "".join(str((place + 1) % 10) for place in asked.truth)
        ActionChains(browser).send_keys(Keys.ENTER, keys, keys, keys, Keys.ENTER).perform()
    question(7)
    assert kinds == set(Kind)
    browser.refresh()  # a page that was closed goes on where it was
    question(7)
    ActionChains(browser).send_keys(Keys.TAB).perform()
    focus = "const style = getComputedStyle(document.activeElement); return style.outlineStyle"
    assert browser.execute_script(focus) == "solid"
    ActionChains(browser).send_keys("s").perform()
    wait(lambda: part("#end").is_displayed())
    assert sum(row.successes for row in tally(folder / FILE)) == before + 7


def test_other_computers_need_the_address_with_the_token(folder):
    result = run("assess", "serve", folder, "--host", "0.0.0.0", "--no-open")
    assert result.returncode == 2 and "--token" in complaints(result)[0]
    program = subprocess.Popen(
        [PROGRAM, "assess", "serve", folder, "--host", "0.0.0.0", "--port", "0", "--no-open",
         "--token", "lang genug & zufällig €"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    address = program.stdout.readline().split()[0]
    page, _, _ = address.partition("?")
    for shown in (page, f"{page}?token=wrong", f"{page}question", f"{page}picture/a/0"):
        assert httpx.get(shown).status_code == 401
    forged = f"assess-{httpx.URL(page).port}=é".encode("latin-1")
    assert httpx.get(page, headers={"Cookie": forged}).status_code == 401
    with httpx.Client(base_url=page, headers={"Host": "192.0.2.7"}, follow_redirects=True) as phone:
        came = phone.get(address)
        assert came.is_success and "token" not in str(came.url) and "<html" in came.text
        assert "genug" not in str(phone.cookies.jar)  # nor does the browser keep it
        set_by = came.history[0].headers["set-cookie"].lower()
        assert "samesite=lax" in set_by and "httponly" in set_by  # also on the way from a mail
        assert phone.get("question", headers={"Host": "elsewhere.example"}).status_code == 421
        assert phone.post("assessor").json()["question"]
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=20)
    assert program.returncode == 0 and "Traceback" not in errors and "plain HTTP" in errors
