"""What the answers say, method by method.

Whoever cannot tell counts as who guesses blindly: left out, they make a method look worse than
it is; taken for wrong, better.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from elseface.scripts.assessment.answers import Tally

NOBODY = "nobody has answered yet"

NOTES = (
    "Success: the assessor found the person, so the method failed.",
    "Chance: picking blindly; who sees which of ten faces was changed guesses a pair 1 in 9.",
    "Can't tell: counts in success as a blind guess would, by chance.",
    "Interval: as if answers were independent; those of few assessors are less sure than it says.",
)
#: Standard deviations to either side of 95 % intervals.
WIDTH = 1.959964


@dataclass(frozen=True)
class Figures:
    """Of one method and kind.

    Attributes
    ----------
    answers, assessors : how many answers there are, of how many people
    cannot_tell : how many of the answers were "I can't tell"
    success_rate : share of answers that were right, or would be if those who cannot tell guessed
    interval : of `success_rate`, 95 %, Wilson's
    chance : `success_rate` of picking blindly
    """

    method: str
    kind: str
    answers: int
    assessors: int
    cannot_tell: int
    success_rate: float
    interval: tuple[float, float]
    chance: float


def figures(tally: Tally) -> Figures:
    """The figures that belong to counts, which are of one answer at least."""
    chance = tally.kind.chance
    rate = (tally.successes + chance * tally.cannot_tell) / tally.answers
    return Figures(
        tally.method, tally.kind, tally.answers, tally.assessors, tally.cannot_tell, rate,
        wilson(rate, tally.answers), chance,
    )  # fmt: skip


def wilson(rate: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share `rate` of `count` (Wilson 1927), which here need not be of whole
    successes, as SciPy's must."""
    widening = WIDTH**2 / count
    middle = rate + widening / 2
    half = WIDTH * sqrt(rate * (1 - rate) / count + widening / (4 * count))
    return max(0.0, (middle - half) / (1 + widening)), min(1.0, (middle + half) / (1 + widening))


def table(rows: list[Figures]) -> str:
    """Lines for the terminal, without figures if nobody has answered."""
    if not rows:
        return NOBODY
    width = max(len("method"), *(len(row.method) for row in rows))
    counts = "answers  assessors  can't tell  success    95 % interval  chance"
    lines = [f"{'method':{width}}  {'kind':8}  {counts}"]
    for row in rows:
        interval = "{:.1%} to {:.1%}".format(*row.interval)
        lines.append(
            f"{row.method:{width}}  {row.kind:8}  {row.answers:7}  {row.assessors:9}"
            f"  {row.cannot_tell:10}  {row.success_rate:7.1%}  {interval:>15}  {row.chance:6.1%}"
        )
    return "\n".join([*lines, *NOTES])
