"""What the answers say, method by method.

The interval takes answers as independent of each other, as those of few assessors are not quite.
"""

from __future__ import annotations

from dataclasses import dataclass

from elseface.scripts.assessment.answers import Tally

NOBODY = "nobody has answered yet"

NOTES = (
    "Success: the assessor found the person, so the method failed.",
    "Chance: picking blindly; who sees which of ten faces was changed guesses a pair 1 in 9.",
)


@dataclass(frozen=True)
class Figures:
    """Of one method and kind.

    Attributes
    ----------
    answers, assessors : how many answers there are, of how many people; without those skipped
    success_rate : share of answers that were right; None without answers
    interval : of `success_rate`, 95 %, Wilson's; None without answers
    chance : `success_rate` of picking blindly
    skipped : questions to which somebody said "don't know"
    """

    method: str
    kind: str
    answers: int
    assessors: int
    success_rate: float | None
    interval: tuple[float, float] | None
    chance: float
    skipped: int


def figures(tally: Tally) -> Figures:
    """The figures that belong to counts."""
    from scipy.stats import binomtest

    rate, interval = None, None
    if tally.answers:
        test = binomtest(tally.successes, tally.answers)
        found = test.proportion_ci(0.95, method="wilson")
        rate, interval = test.statistic, (float(found.low), float(found.high))
    return Figures(
        tally.method, tally.kind, tally.answers, tally.assessors, rate, interval,
        tally.kind.chance, tally.skipped,
    )  # fmt: skip


def table(rows: list[Figures]) -> str:
    """Lines for the terminal, without figures if nobody has answered."""
    if not rows:
        return NOBODY
    width = max(len("method"), *(len(row.method) for row in rows))
    counts = "answers  assessors  success    95 % interval  chance  skipped"
    lines = [f"{'method':{width}}  {'kind':8}  {counts}"]
    for row in rows:
        rate = "-" if row.success_rate is None else f"{row.success_rate:.1%}"
        interval = "-" if row.interval is None else "{:.1%} to {:.1%}".format(*row.interval)
        lines.append(
            f"{row.method:{width}}  {row.kind:8}  {row.answers:7}  {row.assessors:9}"
            f"  {rate:>7}  {interval:>15}  {row.chance:6.1%}  {row.skipped:7}"
        )
    return "\n".join([*lines, *NOTES])
