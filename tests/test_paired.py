"""Differences between two scores of the same people."""

import numpy as np
import pytest
from elseface.scripts.evaluation import paired, privacy
from hypothesis import given
from hypothesis import strategies as some

PEOPLE, EACH = 120, 5


def known(often: int, hits: int = 1) -> str:
    """So many people of whom so many pictures are hit, all others not at all."""
    return " ".join(f"{hits * int(i < often)}/{EACH}" for i in range(PEOPLE))


def test_a_tally_is_of_each_person_in_order():
    hit = np.array([1, np.nan, 0.25, 0, 1, np.nan])
    assert paired.tally(hit, np.array([7, 7, 2, 2, 7, 9])) == "0.25/2 2/2 0/0"


@given(some.lists(some.tuples(*[some.integers(0, 5)] * 2), min_size=2, max_size=30))
def test_the_difference_is_that_of_the_means_and_lies_in_its_interval(hits):
    first, second = (" ".join(f"{one}/5" for one in of) for of in zip(*hits))
    told = paired.difference(first, second)
    means = [np.mean(of) / 5 for of in zip(*hits)]
    assert told["mean"] == pytest.approx(means[0] - means[1])
    low, high = told["interval"]
    assert low - 1e-9 <= told["mean"] * len(hits) / (len(hits) + 2) <= high + 1e-9


def test_it_sees_what_two_intervals_do_not(random):
    """A third of all are known either way; a tenth are by one of them alone."""
    identity = np.repeat(np.arange(PEOPLE), EACH)
    often = random.random(PEOPLE)[identity] < 1 / 3
    more = often | (identity % 10 == 0)
    first, second = (privacy.with_interval(hit.astype(float), identity) for hit in (often, more))
    assert first["interval"][1] > second["interval"][0]
    tallies = [paired.tally(hit, identity) for hit in (more, often)]
    low, high = paired.difference(*tallies)["interval"]
    assert 0 < low < 0.1 * (1 - 1 / 3) < high
    assert paired.difference(tallies[0], tallies[0])["interval"][0] <= 0


@pytest.mark.parametrize("hits", [1, 2, EACH])
@pytest.mark.parametrize(("often", "beyond"), [(4, False), (12, True)])
def test_a_few_people_more_are_chance(often, hits, beyond):
    """Four of four could fall so one time in eight (sign test), twelve of twelve one in 2000."""
    low, high = paired.difference(known(often, hits), known(0))["interval"]
    assert (low > 0) == beyond and high > 0


def test_where_nothing_differs_nothing_is_told(random):
    """Two methods that hit three people in a hundred each, all their pictures or none: told apart
    less often than one time in twenty."""
    told = 0
    for _ in range(200):
        first, second = (
            " ".join(f"{EACH * int(hit)}/{EACH}" for hit in random.random(PEOPLE) < 0.03)
            for _ in range(2)
        )
        low, high = paired.difference(first, second, draws=200)["interval"]
        told += low > 0 or high < 0
    assert told / 200 < 0.06


def test_people_of_whom_nothing_counts_are_left_out():
    assert paired.comparable("1/5 0/0 0/5", "0/5 0/0 0/0")
    told = paired.difference("1/5 0/0 0/5", "0/5 3/5 0/5")
    assert told["mean"] == pytest.approx(0.1) and np.isfinite(told["interval"]).all()
    assert not paired.comparable("1/5 0/0", "0/0 0/5")


def test_scores_are_set_against_the_controls_that_have_them():
    def scored(**tallies):
        return {"privacy": {"dlib": {name: {"by person": of} for name, of in tallies.items()}}}

    methods = {
        "blackout": scored(naive=known(0), parrot=known(30)),
        "stranger-face": scored(naive=known(3)),
        "blur": scored(naive=known(30), parrot=known(30), trained="1/5 0/5"),
    }
    for name in methods:
        paired.over_references(methods, name)
    blur = methods["blur"]["privacy"]["dlib"]
    assert blur["naive"]["over blackout"]["mean"] == pytest.approx(30 / PEOPLE / EACH)
    assert blur["naive"]["over stranger-face"]["mean"] == pytest.approx(27 / PEOPLE / EACH)
    assert blur["parrot"]["over blackout"]["mean"] == 0
    assert "over stranger-face" not in blur["parrot"] and blur["trained"].keys() == {"by person"}
    assert "over blackout" not in methods["blackout"]["privacy"]["dlib"]["naive"]


def test_how_many_times_more_has_no_upper_end_where_there_may_be_nothing():
    """Of 120 people two were hit before: of draws anew 13 % have neither of them."""
    identity = np.arange(PEOPLE)
    few, many = (identity < 2).astype(float), (identity < 14).astype(float)
    times = privacy.quotient(many, few, identity)
    low, high = times["interval"]
    assert times["mean"] == 7 and 2 < low < 4 and high is None
    low, high = privacy.quotient(many, (identity < 10).astype(float), identity)["interval"]
    assert low < 1.4 < high < 3
