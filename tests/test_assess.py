"""What people are asked, what is kept of their answers, and what is said of them."""

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.scripts.assessment.answers import FILE, Answers, Tally, tally
from elseface.scripts.assessment.gallery import Gallery, read
from elseface.scripts.assessment.questions import Kind, draw
from elseface.scripts.assessment.report import NOBODY, figures, table, wilson
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from scipy.stats import binomtest
from test_cli import call, complaints

BOTH = list(Kind)


def evaluated(root: Path) -> Path:
    """What ``elseface evaluate`` leaves, of noise; files of a method give it away in every way."""
    noise = np.random.default_rng(0)
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "anonymized")
    rows = ["picture,identity"]
    for method in ("unchanged", "blur", "swirl", "stranger"):
        (root / "pictures" / method).mkdir(parents=True)
    for i in range(26):
        rows.append(f"{i:06d},{i // 2}")
        blocks = Image.fromarray(noise.integers(0, 256, (11, 9, 3), np.uint8))
        blocks.resize((178, 218)).save(root / f"pictures/unchanged/{i:06d}.png")
        for method in ("blur", "swirl", "stranger"):
            flat = blocks.convert("L").resize((89, 109) if method == "swirl" else (178, 218))
            flat.save(root / f"pictures/{method}/{i:06d}.png", pnginfo=told)
    (root / "pictures/blur/000003.png").unlink()  # a method may have failed on a picture
    (root / "pictures.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def folder(tmp_path) -> Path:
    return evaluated(tmp_path)


def gallery(people: int, pictures: int = 2) -> Gallery:
    identity = {f"{i:03d}": f"person {i % people}" for i in range(people * pictures)}
    return Gallery(Path(), identity, {"blur": list(identity), "swirl": list(identity)[3:]})


def test_folder_is_read(folder):
    found = read(folder)
    assert list(found.methods) == ["blur", "swirl"]
    assert "000003" in found.methods["swirl"] and "000003" not in found.methods["blur"]
    assert list(read(folder, ["swirl"]).methods) == ["swirl"]
    control = read(folder, ["unchanged"])  # are assessors trying at all?
    for question in draw(control, [Kind.PAIR], 0, 0, 4):
        one, other = (Path(question.pictures[i]).name for i in question.truth)
        assert one != other and control.identity[one] == control.identity[other]
    assert found.identity["000003"] == "1" and found.file("blur/000004").is_file()


def test_ten_pictures_of_nine_people_of_whom_one_is_there_twice():
    people = gallery(20)
    for question in draw(people, BOTH, 0, 1, 30):
        names = [name.split("/") for name in question.pictures]
        assert len(set(question.pictures)) == 10
        assert len({people.identity[picture] for _, picture in names}) == 9
        (changed,) = (i for i, (method, _) in enumerate(names) if method != "unchanged")
        assert names[changed][0] == question.method
        who = people.identity[names[changed][1]]
        twins = {i for i, (_, picture) in enumerate(names) if people.identity[picture] == who}
        assert len(twins) == 2 and changed in twins
        assert len({names[i][1] for i in twins}) == 2  # not the same photo
        assert set(question.truth) == (twins if question.kind is Kind.PAIR else twins - {changed})
        assert all(picture in people.methods[question.method] for _, picture in names)


def test_nobody_is_asked_about_twice_and_methods_take_turns():
    people = gallery(20)
    questions = draw(people, BOTH, 0, 1, 16)
    subjects = [people.identity[q.pictures[q.truth[0]].split("/")[1]] for q in questions]
    assert len(set(subjects)) == 16
    assert set(Counter((q.kind, q.method) for q in questions).values()) == {4}
    assert len(draw(people, BOTH, 0, 1, 99)) == 20  # nobody is left


def test_nobody_is_seen_twice_while_there_are_nine_people_a_question():
    people = gallery(90)
    seen = [name.split("/")[1] for q in draw(people, BOTH, 0, 1, 10) for name in q.pictures]
    assert Counter(Counter(people.identity[picture] for picture in seen).values()) == {1: 80, 2: 10}


def test_same_seed_and_assessor_same_questions():
    people = gallery(20)
    first = draw(people, BOTH, 5, 1, 30)
    assert first == draw(people, BOTH, 5, 1, 30)
    assert first != draw(people, BOTH, 6, 1, 30) and first != draw(people, BOTH, 5, 2, 30)
    code = (
        "import test_assess as t; from elseface.scripts.assessment.questions import draw\n"
        "print(draw(t.gallery(20), t.BOTH, 5, 1, 30))"
    )
    again = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    assert again.stdout.strip() == str(first)


@pytest.mark.parametrize("people", [12, 40])
@pytest.mark.parametrize("kind", Kind)
def test_who_does_not_look_succeeds_by_chance(kind, people):
    """Neither by picking anything, nor the first, nor whom one has seen least or most so far."""
    chooser, successes, asked = random.Random(1), Counter(), 0
    places = Counter()
    for assessor in range(400):
        known = gallery(people)
        seen: Counter[str] = Counter()
        for question in draw(known, [kind], 0, assessor, 30):
            asked += 1
            places.update(question.truth)
            shown = [known.identity[name.split("/")[1]] for name in question.pictures]
            blind = chooser.sample(range(kind.choices), kind.picks)
            successes["blind"] += sorted(blind) == list(question.truth)
            successes["first"] += tuple(range(kind.picks)) == question.truth
            if kind is Kind.ORIGINAL:  # of two of one person, memory tells by itself
                for name, sign in (("newest", 1), ("oldest", -1)):
                    pick = min(range(9), key=lambda i: (sign * seen[shown[i]], chooser.random()))
                    successes[name] += (pick,) == question.truth
            seen.update(set(shown))
    assert kind.chance == (1 / 45 if kind is Kind.PAIR else 1 / 9)
    deviation = (kind.chance * (1 - kind.chance) / asked) ** 0.5
    for name, count in successes.items():
        assert count / asked == pytest.approx(kind.chance, abs=4 * deviation), name
    expected = asked * kind.picks / kind.choices
    assert len(places) == kind.choices
    assert max(abs(n - expected) for n in places.values()) < 4.5 * expected**0.5


def test_an_answer_counts_once_also_when_two_tabs_send_it(tmp_path):
    answers = Answers(tmp_path / FILE)
    assessor = answers.start(lambda number: draw(gallery(20), BOTH, 0, number, 5))
    token = answers.standing(assessor).token
    taken = []
    tabs = [threading.Thread(target=lambda: taken.append(answers.answer(token, [0]))) for _ in "ab"]
    [tab.start() for tab in tabs]
    [tab.join() for tab in tabs]
    assert sorted(taken) == [False, True]
    now = answers.standing(assessor)
    assert (now.done, now.count) == (1, 5) and now.token != token
    assert sum(counts.answers for counts in tally(tmp_path / FILE)) == 1


def test_assessors_are_apart_and_a_new_server_goes_on(tmp_path):
    answers = Answers(tmp_path / FILE)
    numbers = []
    names = [
        answers.start(lambda n: numbers.append(n) or draw(gallery(20), [Kind.PAIR], 0, n, 6))
        for _ in "ab"
    ]
    assert numbers == [1, 2] and answers.standing("somebody") is None
    for name, correct in zip(names, (2, 1)):
        for i in range(4):
            token = Answers(tmp_path / FILE).standing(name).token
            truth = answers.question(token).truth
            wrong = [place for place in range(10) if place not in truth][:2]
            answers.answer(token, () if i == 3 else truth[::-1] if i < correct else wrong)
    rows = {row.method: row for row in tally(tmp_path / FILE)}
    assert sum(row.successes for row in rows.values()) == 3
    assert sum(row.answers for row in rows.values()) == 8
    assert sum(row.cannot_tell for row in rows.values()) == 2
    assert all(row.assessors == 2 for row in rows.values())


@given(st.data(), st.integers(1, 500))
def test_intervals_of_whole_successes_are_scipys(data, count):
    successes = data.draw(st.integers(0, count))
    expected = binomtest(successes, count).proportion_ci(0.95, method="wilson")
    assert wilson(successes / count, count) == pytest.approx(tuple(expected), abs=1e-6)


def test_who_cannot_tell_counts_as_who_guesses():
    row = figures(Tally("blur", Kind.ORIGINAL, 40, 3, 10, 0))
    assert row.success_rate == 0.25 and row.chance == 1 / 9
    nobody = figures(Tally("swirl", Kind.PAIR, 45, 4, 0, 45))
    assert nobody.success_rate == pytest.approx(nobody.chance) == pytest.approx(1 / 45)
    half = figures(Tally("mask", Kind.ORIGINAL, 18, 1, 9, 9))
    assert half.success_rate == pytest.approx(10 / 18)
    blur, swirl, mask = table([row, nobody, half]).splitlines()[1:4]
    assert " ".join(blur.split()) == "blur original 40 3 0 25.0% 14.2% to 40.2% 11.1%"
    assert swirl.split()[2:6] == ["45", "4", "45", "2.2%"] and mask.split()[5] == "55.6%"


def test_report(folder):
    assert call("assess", "report", folder).stdout.strip() == NOBODY
    assert not (folder / FILE).exists()
    answers = Answers(folder / FILE)
    assessor = answers.start(lambda n: draw(read(folder), [Kind.PAIR], 0, n, 1))
    assert call("assess", "report", folder).stdout.strip() == NOBODY  # started is not answered
    assert json.loads(call("assess", "report", folder, "--json").stdout) == []
    token = answers.standing(assessor).token
    answers.answer(token, answers.question(token).truth)
    (row,) = json.loads(call("assess", "report", folder, "--json").stdout)
    assert row["answers"] == row["success_rate"] == 1 and row["kind"] == "pair"
    assert row["interval"] == pytest.approx([0.2065, 1], abs=1e-4)


def lose_people(root: Path) -> None:
    (root / "pictures.csv").write_text("picture,identity\n000000,a\n000001,b\n")


@pytest.mark.parametrize(
    ("damage", "only", "says"),
    [
        (lambda root: (root / "pictures.csv").unlink(), (), "elseface evaluate"),
        (lambda root: (root / "pictures.csv").write_text("a,b\n1,2\n"), (), "picture,identity"),
        (lambda root: (root / "pictures.csv").write_text("picture,identity\n../x,1\n"), (), "../x"),
        (lambda root: (root / "pictures/unchanged/000009.png").unlink(), (), "000009"),
        (lose_people, (), "shows 2 people"),
        (lambda root: None, ("../unchanged",), "../unchanged"),
        (lambda root: None, ("stranger",), "blur, swirl"),
    ],
)
def test_mistakes_are_named(folder, damage, only, says):
    damage(folder)
    with pytest.raises(ElsefaceError, match=says):
        read(folder, only)


def test_mistakes_get_one_line(folder):
    result = call("assess", "serve", folder / "absent", "--no-open")
    assert result.returncode == 2 and "pictures.csv" in complaints(result)[0]
    (folder / FILE).write_text("something else, and long enough to be told from an empty file")
    result = call("assess", "report", folder)
    assert result.returncode == 2 and FILE in complaints(result)[0]
    code = (
        "import sys; sys.modules['fastapi'] = None\n"
        "from elseface.scripts.cli import app; app(['assess', 'serve', sys.argv[1], '--no-open'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 2 and "'elseface[serve]'" in complaints(result)[0]
