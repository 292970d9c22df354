"""Steadying of new faces from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from elseface.common.anonymizer import Change, Disguise
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.steadying import APART, RIM, Steadying
from elseface.scripts.footage.tracks import Cover
from elseface.scripts.release.scene import Step
from elseface.stage1_disentangle.mask import photo_ellipse
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPE = 120, 160
WHOLE = tuple(slice(0, n) for n in SHAPE)
SOMEBODY = Disguise(np.zeros(40, np.float32), np.ones(40, np.float32), (0,))


@pytest.fixture(scope="module")
def cover(mean_shape):
    """A made-up face of 60 pixels about (70 + x, 60)."""

    def make(x: float = 0.0, disguise: Disguise | None = SOMEBODY, turn: float = 0.0) -> Cover:
        c, s = np.cos(turn), np.sin(turn)
        points = (mean_shape - 0.5) @ np.array([[c, s], [-s, c]]) * 60 + [70 + x, 60]
        made = Cover(Person(0), points.astype(np.float32), True)
        made.person.change = Change(made.face(), disguise)
        return made

    return make


def under(cover: Cover) -> np.ndarray:
    return photo_ellipse(cover.face(), WHOLE).draw(*SHAPE) == 1


def inner(cover: Cover) -> np.ndarray:
    """Farther from the rim than mixing begins at."""
    grown = under(cover)
    for _ in range(int(RIM * cover.face().alignment.pixels) + 4):
        grown = grown & np.roll(grown, 1, 0) & np.roll(grown, -1, 0)
        grown &= np.roll(grown, 1, 1) & np.roll(grown, -1, 1)
    return grown


def grey(value: float) -> np.ndarray:
    return np.full((*SHAPE, 3), value, np.uint8)


def test_trembling_becomes_half_and_less(cover):
    random = np.random.default_rng(0)
    frames = [np.clip(random.normal(128, 6, (*SHAPE, 3)), 0, 255).astype(np.uint8) for _ in "12345"]
    steady, face = Steadying(), cover()
    results = [steady(frame, [face]) for frame in frames]
    assert (results[0] == frames[0]).all()
    for here, there in (frames[-2:], results[-2:]):
        change = np.abs(here.astype(float) - there)[inner(face)].mean()
    before = np.abs(frames[-2].astype(float) - frames[-1])[inner(face)].mean()
    assert change < 0.5 * before


@settings(max_examples=25)
@given(
    x=st.floats(-25, 25), turn=st.floats(-0.6, 0.6), outside=st.integers(0, 255),
    old=st.integers(100, 140), new=st.integers(100, 140),
)  # fmt: skip
def test_only_what_was_painted_is_mixed(cover, x, turn, outside, old, new):
    """What lies around the face in the frame before never comes in, nor does anything change
    around it now."""
    before, now = cover(), cover(x, turn=turn)
    first, second = grey(outside), grey(255 - outside)
    first[under(before)], second[under(now)] = old, new
    steady = Steadying()
    steady(first, [before])
    result = steady(second, [now])
    assert (result[~under(now)] == 255 - outside).all()
    assert result[under(now)].min() >= min(old, new) - 1
    assert result[under(now)].max() <= max(old, new) + 1


def test_what_moves_is_not_dragged(cover):
    """As far apart as a mouth that opens: the new frame as it is."""
    steady = Steadying()
    steady(grey(60), [cover()])
    second = grey(60 + APART + 1)
    assert (steady(second, [cover()]) == second).all()


def test_it_moves_with_the_face(cover):
    """A pattern that goes along with the face stays sharp."""
    pattern = grey(100)
    pattern[:, ::8] = 110
    steady = Steadying()
    steady(pattern, [cover()])
    moved = np.roll(pattern, 4, 1)
    result = steady(moved, [cover(4)])
    far = np.abs(result.astype(int) - moved)[inner(cover(4))]
    assert far.max() <= 1


def test_who_is_painted_over_or_was_not_seen_is_left(cover):
    first, second = grey(100), grey(106)
    masked, unseen = cover(), cover()
    masked.person.ladder = [Step.MASK, Step.BLACKOUT]
    unseen = Cover(unseen.person, unseen.landmarks, False)
    for left in (masked, unseen, cover(disguise=None)):
        steady = Steadying()
        steady(first, [left])
        assert (steady(second, [left]) == second).all()
    steady = Steadying()
    steady(first, [cover()])
    steady(first, [])
    assert (steady(second, [cover()]) == second).all()  # not seen in the frame before
