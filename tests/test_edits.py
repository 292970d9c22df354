"""Edits, coherence and policies."""

import numpy as np
import pytest
from elseface.common.attributes import (
    BEARD,
    CONTEXT,
    COUNT,
    EXCLUSIVE,
    EXPRESSION,
    NAMES,
    PROTECTED,
    index,
    indices,
)
from elseface.common.errors import ElsefaceError
from elseface.stage3_generate import policies
from elseface.stage3_generate.edits import Edit, cohere
from elseface.stage3_generate.population import Population
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

vectors = arrays(np.float32, COUNT, elements=st.floats(0, 1, width=32))
seeds = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def population():
    from elseface.stage3_generate.load import load_population

    return load_population()


def coherent(values) -> bool:
    present = {NAMES[i] for i in np.flatnonzero(values >= 0.5)}
    groups = all(len(present & set(group)) <= 1 for group in EXCLUSIVE)
    return groups and not ("No_Beard" in present and present & set(BEARD))


def test_parse():
    edit = Edit.parse("+Smiling, -Young")
    assert edit == Edit(frozenset({index("Smiling")}), frozenset({index("Young")}))


@pytest.mark.parametrize(
    "text", ["Smiling", "+Smilling", "+Young,-Young", "+Bald,+Bangs", "+Goatee,+No_Beard"]
)
def test_parse_explains_mistakes(text):
    with pytest.raises(ElsefaceError):
        Edit.parse(text)


def test_a_smile_takes_cheeks_and_mouth_along():
    cheeks, mouth = indices(["High_Cheekbones", "Mouth_Slightly_Open"])
    closed = np.zeros(COUNT, np.float32)
    smiling = Edit.parse("+Smiling").apply(closed)
    assert smiling[[cheeks, mouth]].tolist() == [1, 1]
    assert Edit.parse("-Smiling").apply(smiling)[[cheeks, mouth]].tolist() == [0, 0]
    edited = Edit.parse("+Smiling,-Mouth_Slightly_Open").apply(closed)
    kept = Edit.parse("+Smiling").apply(closed, keep={mouth})
    assert edited[[cheeks, mouth]].tolist() == kept[[cheeks, mouth]].tolist() == [1, 0]


def test_gender_takes_beard_and_makeup_along():
    beard, bare, lipstick = indices(["Goatee", "No_Beard", "Wearing_Lipstick"])
    man, woman = np.zeros((2, COUNT), np.float32)
    man[beard], woman[[bare, lipstick]] = 0.9, 1
    assert Edit.parse("-Male").apply(man)[[beard, bare]].tolist() == [0, 1]
    assert Edit.parse("-Male,+Goatee").apply(man)[[beard, bare]].tolist() == [1, 0]
    assert Edit.parse("-Male").apply(man, keep={beard})[[beard, bare]].round().tolist() == [1, 0]
    assert Edit.parse("+Male").apply(woman)[lipstick] == 0
    assert Edit.parse("+Male,+Heavy_Makeup").apply(woman)[lipstick] == 1
    assert Edit.parse("+Male").apply(woman, keep={index("Heavy_Makeup")})[lipstick] == 1
    assert Edit.parse("-Heavy_Makeup").apply(woman)[lipstick] == 0
    assert Edit.parse("+Heavy_Makeup").apply(man)[lipstick] == 1


@pytest.mark.parametrize(("stubble", "bare", "stays"), [(0.9, 0.6, [1, 0]), (0.6, 0.9, [0, 1])])
def test_of_beard_and_none_the_likelier_stays(stubble, bare, stays):
    values = np.zeros(COUNT, np.float32)
    both = indices(["5_o_Clock_Shadow", "No_Beard"])
    values[both] = stubble, bare
    assert (cohere(values, ())[both] >= 0.5).tolist() == [bool(i) for i in stays]


@given(vectors)
def test_cohere_makes_coherent(values):
    assert coherent(cohere(values, ()))


@given(vectors, st.sampled_from(NAMES), st.booleans())
def test_edit_is_in_force_and_coherent(values, name, present):
    edited = Edit.parse(("+" if present else "-") + name).apply(values)
    assert edited[index(name)] == present
    assert coherent(edited)


def test_blond_replaces_black():
    values = np.zeros(COUNT)
    values[index("Black_Hair")] = 0.9
    edited = Edit.parse("+Blond_Hair").apply(values)
    assert edited[index("Black_Hair")] == 0 and edited[index("Blond_Hair")] == 1


def test_goatee_takes_no_beard_away():
    values = np.zeros(COUNT)
    values[index("No_Beard")] = 0.99
    assert Edit.parse("+Goatee").apply(values)[index("No_Beard")] == 0


@pytest.mark.parametrize("name", ["none", "flip", "all", "random", "ppas"])
@given(values=vectors, seed=seeds)
def test_kept_attributes_are_kept(population, name, values, seed):
    policy = {
        "none": policies.none, "flip": policies.flip, "all": policies.all_,
        "random": policies.random_, "ppas": policies.Ppas(population),
    }[name]  # fmt: skip
    keep = indices(PROTECTED)
    new = policy(values, keep, np.random.default_rng(seed))
    np.testing.assert_array_equal(new[keep], values[keep])
    assert new.min() >= 0 and new.max() <= 1


def test_flip_inverts_the_four():
    values = cohere(np.where(np.arange(COUNT) % 2, 0.2, 0.8), ())
    new = policies.flip(values, (), np.random.default_rng(0))
    changed = {NAMES[i] for i in np.flatnonzero((new >= 0.5) != (values >= 0.5))}
    assert changed == set(policies.FOUR)


def test_seed_decides(population):
    values = np.full(COUNT, 0.3, np.float32)
    for policy in (policies.random_, policies.Ppas(population)):
        draws = [policy(values, (), np.random.default_rng(seed)) for seed in (1, 1, 2)]
        np.testing.assert_array_equal(draws[0], draws[1])
        assert (draws[0] != draws[2]).any()


def test_ppas_keeps_to_the_population(random):
    """Two kinds of people, known exactly: draws follow the kind that the kept attribute shows."""
    present = np.full((2, COUNT), 0.5)
    male, nose = index("Male"), index("Big_Nose")
    present[:, male] = 0.999, 0.001
    present[:, nose] = 0.9, 0.1
    policy = policies.Ppas(Population(np.array([0.5, 0.5]), present))
    values = np.zeros(COUNT, np.float32)
    for is_male, expected in ((1, 0.9), (0, 0.1)):
        values[male] = is_male
        share = np.mean([policy(values, [male], random)[nose] for _ in range(600)])
        assert abs(share - expected) < 0.06


def test_ppas_alone_does_not_look_at_what_it_draws(population):
    free = policies.Ppas(population).drawn(indices(PROTECTED))
    assert len(free) >= 8 and not set(free) & set(indices(CONTEXT + EXPRESSION))
    values = np.zeros(COUNT, np.float32)
    other = values.copy()
    other[free] = 1
    policy = policies.Ppas(population)
    first, second = (
        policy(v, indices(PROTECTED), np.random.default_rng(3)) for v in (values, other)
    )
    np.testing.assert_array_equal(first[free], second[free])


def test_max_flips(population):
    values = np.tile([0.9, 0.1], 20).astype(np.float32)
    policy = policies.Ppas(population, max_flips=2)
    for seed in range(20):
        new = policy(values, (), np.random.default_rng(seed))
        assert ((new >= 0.5) != (values >= 0.5)).sum() <= 2


class Tosses:
    """A random generator that gives one prepared pair of numbers."""

    def __init__(self, coin: float, draw: float) -> None:
        self.pair = coin, draw

    def random(self, size: int) -> tuple[float, float]:
        return self.pair


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9])
def test_randomized_response_spends_its_budget_and_no_more(share):
    """Over a fine grid of tosses, the odds of a release between two own bits reach e to its share
    of epsilon for one value of the bit and pass it for none."""
    epsilon, count = 4.0, 4
    policy = policies.Ppas(Population(np.ones(1), np.full((1, COUNT), 0.5)), epsilon=epsilon)
    tosses = (np.arange(200) + 0.5) / 200
    released = [
        np.mean([policy._release(own, share, count, Tosses(c, d)) for c in tosses for d in tosses])
        for own in (0.0, 1.0)
    ]
    odds = max(released[1] / released[0], (1 - released[0]) / (1 - released[1]))
    assert odds == pytest.approx(np.exp(epsilon / count), rel=0.05)


def test_closeness():
    population = Population(np.ones(1), np.full((1, COUNT), 0.5))
    released = np.zeros((10, COUNT))
    released[:7, 3] = 1
    assert policies.closeness(released, population, [3]) == pytest.approx(0.2)
    assert policies.closeness(released, population, [3, 4]) == pytest.approx(0.5)


def test_population_recovers_a_correlation(random):
    kind = random.random(4000) < 0.3
    bits = (random.random((4000, COUNT)) < np.where(kind, 0.9, 0.2)[:, None]).astype(np.uint8)
    fitted = Population.fit(bits, classes=4, rounds=40)
    np.testing.assert_allclose(fitted.marginals, bits.mean(0), atol=0.01)
    given_one = fitted.conditional(np.ones(COUNT), np.arange(10))
    np.testing.assert_allclose(given_one[10:], 0.9, atol=0.06)
