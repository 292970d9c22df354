"""New face shapes and the model that they are drawn from."""

import numpy as np
import pytest
from elseface.common.anonymizer import Disguise
from elseface.common.attributes import COUNT, indices
from elseface.common.weights import load
from elseface.stage3_generate.shape import REPLACED, TRUNCATION, New, Own
from elseface.stage3_generate.shape_model import ShapeModel


@pytest.fixture(scope="module")
def model() -> ShapeModel:
    return ShapeModel.from_arrays(load("shape")[0])


def turned(points: np.ndarray, angle: float = 0.3, size: float = 1.4) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return (points - 0.5) @ np.array([[cos, sin], [-sin, cos]]) * size + 0.6


def test_own_coordinates_give_the_own_shape(model, mean_shape, random):
    points = turned(mean_shape + random.normal(0, 0.01, (68, 2)))
    same = model.reshape(points, model.coordinates(points))
    np.testing.assert_allclose(same, points, atol=1e-5)


def test_new_coordinates_are_what_was_asked_for(model, mean_shape, random):
    points = mean_shape + random.normal(0, 0.003, (68, 2))
    wanted = model.draw(np.zeros(COUNT), random, REPLACED)
    got = model.coordinates(model.reshape(points, wanted))[: len(wanted)]
    assert np.abs(got - wanted).max() < 0.01 * np.abs(wanted).max()


def test_new_shape_forgets_the_old_one(model, mean_shape):
    """A long face and a wide one, drawn with one seed: of who they were, nothing is left."""
    people = [mean_shape * (1, 1.12), mean_shape * (1.12, 1)]
    people[1][:17, 0] = 0.56 + 1.1 * (people[1][:17, 0] - 0.56)
    before = np.abs(model.coordinates(people[0]) - model.coordinates(people[1])).max()
    draw = New(model)
    nothing = Disguise(np.zeros(COUNT), np.zeros(COUNT), ())
    new = [draw(p, nothing, np.random.default_rng(5)) for p in people]
    gap = model.coordinates(new[0]) - model.coordinates(new[1])
    after = np.abs(gap[:REPLACED]).max()
    assert after < 0.01 * before


def test_truncation_draws_nearer_to_what_the_attributes_expect(model, mean_shape):
    nobody = Disguise(np.zeros(COUNT), np.zeros(COUNT), ())
    expected = model.offset[:REPLACED]
    whole, truncated = (
        model.coordinates(New(model, truncation=t)(mean_shape, nobody, np.random.default_rng(3)))
        for t in (1, TRUNCATION)
    )
    gaps = [(points[:REPLACED] - expected) for points in (whole, truncated)]
    np.testing.assert_allclose(gaps[1], TRUNCATION * gaps[0], atol=0.02 * np.abs(gaps[0]).max())


def test_shape_keeps_place_turn_and_size(model, mean_shape, random):
    points = turned(mean_shape)
    new = model.reshape(points, model.draw(np.zeros(COUNT), random, REPLACED))
    eyes = [p[42:48].mean(0) - p[36:42].mean(0) for p in (points, new)]
    angles = [np.arctan2(e[1], e[0]) for e in eyes]
    assert abs(angles[0] - angles[1]) < 0.06
    assert abs(np.linalg.norm(eyes[1]) / np.linalg.norm(eyes[0]) - 1) < 0.25


def test_shape_follows_the_new_attributes(model, mean_shape):
    nose = np.zeros(COUNT)
    nose[indices(["Big_Nose"])] = 1
    widths = []
    for attributes in (np.zeros(COUNT), nose):
        expected = (model.slope @ attributes + model.offset)[:REPLACED]
        new = model.reshape(mean_shape, expected)
        widths.append(new[35, 0] - new[31, 0])
    assert widths[1] > widths[0]


def test_own_shape_stays_but_for_what_an_edit_does_to_it(model, mean_shape, random):
    points = turned(mean_shape).astype(np.float32)
    neutral, smile = np.zeros(COUNT), np.zeros(COUNT)
    smile[indices(["Smiling"])] = 1
    own = Own(model)
    np.testing.assert_array_equal(own(points, Disguise(neutral, neutral, ()), random), points)
    upright = mean_shape.astype(np.float32)
    smiling = own(upright, Disguise(neutral, smile, ()), random)
    corners, lip = [48, 54], 57
    assert (smiling[corners, 1] - smiling[lip, 1] < upright[corners, 1] - upright[lip, 1]).all()
    assert np.ptp(smiling[corners, 0]) > np.ptp(upright[corners, 0])  # and wider
    back = own(smiling, Disguise(smile, neutral, ()), random)
    np.testing.assert_allclose(back, upright, atol=0.004)


def test_fit_finds_what_tells_people_apart():
    """Forty people who differ in jaw width alone, pictures that differ in mouth opening alone."""
    random = np.random.default_rng(2)
    base = load("shape")[0]["mean"].reshape(68, 2)
    identity = np.repeat(np.arange(40), 8)
    landmarks = np.repeat(base[None], len(identity), 0)
    landmarks = landmarks + random.normal(0, 0.001, landmarks.shape)
    jaw = random.normal(0, 0.05, 40)[identity]
    landmarks[:, :17, 0] += jaw[:, None] * np.linspace(-1, 1, 17)
    landmarks[:, 55:60, 1] += np.abs(random.normal(0, 0.05, len(identity)))[:, None]
    attributes = random.integers(0, 2, (len(identity), COUNT))
    fitted = ShapeModel.fit(landmarks, identity, attributes)
    first = np.array([fitted.coordinates(points)[0] for points in landmarks])
    assert abs(np.corrcoef(first, jaw)[0, 1]) > 0.95
