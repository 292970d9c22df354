"""The harness on embeddings with known answers, and every gate of it broken on purpose."""

import contextlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from elseface.common.attributes import COUNT
from elseface.common.errors import ElsefaceError
from elseface.scripts.evaluation import attacker, harness, privacy, trained
from elseface.scripts.evaluation.examine import MEASURES, Examined
from elseface.scripts.evaluation.harness import Harness
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.pictures import Pictures

EACH, SIZE = 4, 40
PEOPLE = {Role.JUDGED: 20, Role.BACKGROUND: 250, Role.TUNING: 20}
ATTACKS = ("naive", "parrot", "linkage", "trained", "restore")


def group(count: int, role: Role) -> People:
    identity = np.repeat(np.arange(count), EACH)
    bits = np.arange(len(identity))[:, None] % 2 * np.ones((1, COUNT), np.uint8)
    paths = tuple(Path(role.value, f"{i}.png") for i in range(len(identity)))
    return People(paths, identity, tuple(map(str, range(count))), bits, aligned=True)


class World:
    """Every picture's embedding says who it is of; a *blurring* method adds the same few
    directions to all, which hide that from who does not know them."""

    def __init__(self):
        random = np.random.default_rng(0)
        self.people = {role: group(count, role) for role, count in PEOPLE.items()}
        self.clean = {
            id(people): random.standard_normal((count, SIZE))[people.identity]
            + 0.2 * random.standard_normal((len(people), SIZE))
            for people, count in zip(self.people.values(), PEOPLE.values())
        }
        self.directions = 5 * random.standard_normal((4, SIZE))
        self.random = random
        self.missed = np.zeros(len(self.people[Role.JUDGED]), bool)
        self.identical = False
        self.lost = np.zeros(len(self.missed), bool)

    def embedded(self, of) -> np.ndarray:
        people, method = of
        vectors = self.clean[id(people)].copy()
        if people is self.people[Role.JUDGED]:
            vectors[self.missed] = np.nan
        if method == "blurring":
            return vectors + self.random.standard_normal((len(people), 4)) @ self.directions
        return vectors

    def examine(self, of, judges) -> Examined:
        n, vectors = len(of[0]), self.embedded(of)
        vectors = np.where((self.lost | self.missed)[:, None], np.nan, vectors)
        same = np.full(n, of[1] == harness.UNCHANGED or self.identical)
        measures = np.where(self.missed[:, None], np.nan, np.ones((n, len(MEASURES))))
        attributes, asked = np.full((n, COUNT), 0.3), np.full((n, COUNT), np.nan)
        ones = np.ones(n)
        return Examined(
            {"one": (vectors, vectors)}, measures, attributes, asked, self.missed, ones, ones, same
        )


@pytest.fixture
def world(monkeypatch, tmp_path):
    """A world, and what judges in it: each method in turn, *unchanged* first."""
    made = World()
    monkeypatch.setattr(Pictures, "results", lambda self, name, _: (self.people, name))
    monkeypatch.setattr(Pictures, "originals", lambda self: (self.people, "originals"))
    for module in (harness, attacker):
        monkeypatch.setattr(module, "embeddings", lambda of, _: {"one": made.embedded(of)})
    monkeypatch.setattr(harness, "examine", made.examine)
    monkeypatch.setattr(attacker.Attacker, "restored", lambda self, name, _, results: results)
    monkeypatch.setattr(attacker.Attacker, "control", lambda self: (0.8, 0.1))
    monkeypatch.setattr(
        harness, "both_ways", lambda of, _: {"one": (made.embedded((of[0], "undone")),) * 2}
    )

    def judge(*methods, attacks=ATTACKS):
        judging = Harness(made.people, tmp_path, None, attacks)
        return [judging.judge(name, None) for name in methods]

    made.judge = judge
    return made


def test_who_trains_sees_through_what_hides_from_the_others(world):
    unchanged, blurred = world.judge("unchanged", "blurring")
    assert unchanged["chance"]["one"] == pytest.approx(3 / 79, abs=0.01)
    means = {name: s["mean"] for name, s in blurred["privacy"]["one"].items()}
    assert means[privacy.NAIVE] < 0.2 and means[privacy.PARROT] < 0.2
    assert means[privacy.TRAINED] > 0.9 and means[privacy.RESTORED] > 0.9
    assert means["restored " + privacy.SELF_MATCH] == 1  # what is undone is taken for itself
    strict, loose = (f"TAR at FAR {rate:g}" for rate in privacy.FALSE_ACCEPTS)
    assert means[f"trained linkage {loose}"] > 0.9 > 0.3 > means[f"linkage {loose}"]
    assert means[f"restored {strict}"] > 0.9 > 0.3 > means[f"naive {strict}"]
    times = blurred["privacy"]["one"][privacy.RESTORED][privacy.OVER_NAIVE]
    assert times["mean"] == pytest.approx(means[privacy.RESTORED] / means[privacy.NAIVE])
    assert times["interval"][0] < times["mean"] < times["interval"][1]
    assert all(s["mean"] == 1 for name, s in unchanged["privacy"]["one"].items() if "rank" in name)


def test_a_missed_face_is_recognised_by_every_attack(world):
    world.missed[: 2 * EACH] = True
    world.missed[2 * EACH : 3 * EACH - 1] = True  # of the third person one picture is found
    world.missed[3 * EACH] = True
    _, blurred = world.judge("unchanged", "blurring")
    assert all(s["mean"] >= 0.1 for s in blurred["privacy"]["one"].values())
    share = world.missed.mean()  # of which neither has numbers; of the rest they know nearly all
    for attack in (privacy.TRAINED, privacy.RESTORED):
        assert blurred["privacy"]["one"][attack]["mean"] > share + 0.9 * (1 - share)
    assert min(true for _, true in blurred["curves"]["one"]) >= 0.1
    assert blurred["utility"]["missed by the pipeline"] == world.missed.mean()


def shuffled(monkeypatch, world):
    def head(background, tuning):
        vectors, who = background
        return trained_head((vectors, np.random.default_rng(0).permutation(who)), tuning)

    trained_head = trained.train_head
    for module in (harness, trained):
        monkeypatch.setattr(module, "train_head", head)


def worse(monkeypatch, world):
    def head(background, tuning):
        found = trained_head(background, tuning)
        return found if found is not trained._as_it_is else lambda v: v[:, :1]

    trained_head = trained.train_head
    monkeypatch.setattr(harness, "train_head", head)


def spoilt(monkeypatch, world):
    noise = np.random.default_rng(0).standard_normal((80, SIZE))
    monkeypatch.setattr(harness, "both_ways", lambda of, _: {"one": (noise, noise)})


def idle(monkeypatch, world):
    monkeypatch.setattr(attacker.Attacker, "control", lambda self: (0.8, 0.7))


def forgotten(monkeypatch, world):
    count = harness.score.attack
    nobody = np.zeros(80, bool)
    monkeypatch.setattr(
        harness.score, "attack", lambda of, hits, people, missed: count(of, hits, people, nobody)
    )
    once = world.examine

    def examine(of, judges):
        world.missed = (np.arange(80) < 8) & (of[1] == "blurring")
        return once(of, judges)

    monkeypatch.setattr(harness, "examine", examine)


def ignorant(monkeypatch, world):
    """A recognizer that gives everybody numbers, of which none says who they are."""
    noise = {id(of): world.random.standard_normal((len(of), SIZE)) for of in world.people.values()}
    world.clean.update(noise)


def blind(monkeypatch, world):
    once = world.examine

    def examine(of, judges):
        seen = once(of, judges)
        return replace(seen, measures=0 * seen.measures)

    monkeypatch.setattr(harness, "examine", examine)


def damaged(monkeypatch, world):
    once = world.embedded
    monkeypatch.setattr(
        world, "embedded", lambda of: once((of[0], "blurring" if of[1] == "unchanged" else of[1]))
    )


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (shuffled, "training brings it to"),
        (worse, "his training is broken"),
        (spoilt, "after restoring"),
        (idle, "0.700 after it"),
        (forgotten, "0.100 of the faces were missed"),
        (blind, "too few to be a judge"),
        (ignorant, "one knows 0.0"),
        (damaged, "damaged on the way"),
        (lambda _, world: setattr(world, "identical", True), "as they were to the last pixel"),
        (lambda _, world: world.lost.__setitem__(3, True), "no numbers for 2 faces"),
    ],
)
def test_a_broken_harness_fails_loudly(world, monkeypatch, breaks, says):
    breaks(monkeypatch, world)  # the others pass, see above
    with pytest.raises(ElsefaceError, match=says):
        world.judge("unchanged", "blurring")


@pytest.mark.parametrize(("black", "believed"), [(0.02, True), (0.3, False)])
def test_an_assessor_who_sees_surroundings_alone_is_not_believed(
    world, monkeypatch, black, believed
):
    """He may tell black ellipses as often as faces: by what is around them."""
    means = {"unchanged": 0.33, "blackout": black}
    told = {name: {"mean": m, "interval": [m - 0.05, m + 0.05]} for name, m in means.items()}
    monkeypatch.setattr(Harness, "_assessed", lambda self, name, *_: told[name])
    monkeypatch.setattr(harness.assessor, "LEAST", EACH)
    with contextlib.nullcontext() if believed else pytest.raises(ElsefaceError, match="no faces"):
        (unchanged,) = world.judge("unchanged", attacks=("assessor",))
        assert unchanged["privacy"]["assessor"] == {"closed-set rank-1": told["unchanged"]}


def test_the_assessor_counts_whom_he_was_asked_about(world, monkeypatch, tmp_path):
    """Four pictures, three of them of the first person; every other one shows an attribute."""
    people = world.people[Role.JUDGED]
    nobody = [SimpleNamespace(face=None)] * len(people)
    monkeypatch.setattr(Pictures, "results", lambda *_: nobody)
    told = {0: True, 1: False, 2: True, EACH + 1: True}
    monkeypatch.setattr(harness.assessor, "recognised", lambda crops, who: told)
    judging = Harness(world.people, tmp_path, None, ())
    figures = judging._assessed("blurring", None, SimpleNamespace(missed=world.missed))
    assert figures["groups"].keys() == figures["by attribute"].keys()
    expected = {"with": {"pictures": 2, "people": 2}, "without": {"pictures": 2, "people": 1}}
    assert all(counts == expected for counts in figures["groups"].values())
    assert figures["by attribute"]["Male"] == {"with": 0.5, "without": 1}


@pytest.mark.parametrize("attacks", [("linkage",), ("trained",), ("restore",)])
def test_gates_do_not_hang_on_the_attacks_asked_for(world, monkeypatch, attacks):
    damaged(monkeypatch, world)
    with pytest.raises(ElsefaceError, match="damaged on the way"):
        world.judge("unchanged", attacks=attacks)


def test_with_few_pictures_nobody_is_said_to_have_trained(world, capsys):
    few = group(20, Role.BACKGROUND)
    world.people[Role.BACKGROUND] = few
    world.clean[id(few)] = np.zeros((len(few), SIZE))
    (unchanged,) = world.judge("unchanged")
    assert privacy.TRAINED not in unchanged["privacy"]["one"]
    assert "`trained` is left out" in capsys.readouterr().err
