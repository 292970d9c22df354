"""Scores of the attacks that learn nothing, against answers that are known otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from elseface.scripts.evaluation import privacy, score
from elseface.scripts.evaluation.people import People
from sklearn.metrics import roc_curve
from sklearn.neighbors import KNeighborsClassifier

PEOPLE, EACH, WIDTH = 40, 5, 12
WHO = np.repeat(np.arange(PEOPLE), EACH)
SEEN = np.zeros(len(WHO), bool)
ALL = {"naive", "parrot", "linkage"}


@pytest.fixture
def clean(random) -> np.ndarray:
    """Pictures that are told apart, but not easily: rank-1 is about .7."""
    centres = random.standard_normal((PEOPLE, WIDTH))[WHO]
    return centres + 0.75 * random.standard_normal((len(WHO), WIDTH))


def figures(embeddings: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    paths = tuple(Path(str(i)) for i in range(len(WHO)))
    people = People(paths, WHO, tuple(map(str, range(PEOPLE))), None, True)
    found = score.untrained((embeddings, embeddings), clean, people, SEEN, ALL)
    return {name: of["mean"] for name, of in found.items()}


def pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of all pairs of two different pictures: whether one person's, and how far apart."""
    rows, columns = np.nonzero(~np.eye(len(WHO), dtype=bool))
    return WHO[rows] == WHO[columns], np.linalg.norm(first[rows] - second[columns], axis=1)


def threshold(of: np.ndarray, rate: float) -> float:
    """The distance that scikit-learn reads from `of`."""
    same, apart = pairs(of, of)
    false, _, at = roc_curve(same, -apart, drop_intermediate=False)
    return -at[np.searchsorted(false, rate, "right") - 1]


def accepted(probe: np.ndarray, gallery: np.ndarray, of: np.ndarray, rate: float) -> float:
    """True accepts of probe against gallery at the threshold of `of`."""
    same, apart = pairs(probe, gallery)
    return float((apart[same] <= threshold(of, rate)).mean())


def nearest(probe: np.ndarray, gallery: np.ndarray) -> float:
    """Rank-1, one picture after the other, by scikit-learn."""
    hits = []
    for i in range(len(WHO)):
        others = np.arange(len(WHO)) != i
        told = KNeighborsClassifier(1).fit(gallery[others], WHO[others]).predict(probe[i : i + 1])
        hits.append(told[0] == WHO[i])
    return float(np.mean(hits))


def test_rank_one_is_that_of_the_nearest_neighbour(clean, random):
    probe = clean + 0.5 * random.standard_normal(clean.shape)
    found = figures(probe, clean)
    assert 0.3 < found[privacy.NAIVE] < 0.9 and 0.2 < found[privacy.PARROT] < 0.9
    assert found[privacy.NAIVE] == pytest.approx(nearest(probe, clean))
    assert found[privacy.PARROT] == pytest.approx(nearest(probe, probe))


@pytest.mark.parametrize("rate", privacy.FALSE_ACCEPTS)
def test_true_accepts_are_those_of_scikit_learns_curve(clean, random, rate):
    """Naive by the threshold of clean pictures, linkage by that of the anonymized ones."""
    probe = 0.5 * clean + 0.2 * random.standard_normal(clean.shape)
    found = figures(probe, clean)
    naive, linkage = found[f"naive TAR at FAR {rate:g}"], found[f"linkage TAR at FAR {rate:g}"]
    assert 0.02 < naive < 0.98 and 0.02 < linkage < 0.98 and abs(naive - linkage) > 0.03
    assert naive == pytest.approx(accepted(probe, clean, clean, rate), abs=0.01)
    assert linkage == pytest.approx(accepted(probe, probe, probe, rate), abs=0.01)


def test_self_match_is_to_ones_own_picture_at_the_strict_rate(clean, random):
    probe = clean + 0.7 * random.standard_normal(clean.shape)
    moved = np.linalg.norm(probe - clean, axis=1)
    strict, loose = (np.mean(moved <= threshold(clean, rate)) for rate in privacy.FALSE_ACCEPTS)
    assert privacy.FALSE_ACCEPTS == (1e-3, 1e-2) and 0.1 < strict < loose - 0.1
    assert figures(probe, clean)[privacy.SELF_MATCH] == pytest.approx(strict, abs=0.02)


def test_a_constant_shift_fools_the_naive_attacker_alone(clean):
    """What moves everybody alike moves nobody against another: he who runs the tool sees as on
    clean pictures, and so does who links two results."""
    shift = np.zeros(WIDTH)
    shift[0] = 1000
    found, plain = figures(clean + shift, clean), figures(clean, clean)
    assert found[privacy.NAIVE] < 0.1 < 0.5 < plain[privacy.NAIVE]
    assert found[privacy.SELF_MATCH] == 0 and plain[privacy.SELF_MATCH] == 1
    assert found[privacy.PARROT] == plain[privacy.PARROT]
    for rate in privacy.FALSE_ACCEPTS:
        assert found[f"naive TAR at FAR {rate:g}"] == 0
        name = f"linkage TAR at FAR {rate:g}"
        assert found[name] == pytest.approx(plain[name], abs=0.01) and found[name] > 0.05


def test_noise_of_its_own_in_every_picture_hides_from_all(clean, random):
    found = figures(100 * random.standard_normal(clean.shape), clean)
    for name, mean in found.items():
        assert mean < 0.1, name
