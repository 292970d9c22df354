"""Which pictures an assessor is shown, and what would be the right answer.

Ten pictures make a question: an original, the anonymized version of another photo of that person
(of the same one, clothes and background would tell), and the originals of eight other people.  One
person is the subject of at most one question of an assessor.  Those seen least
come first, so that nobody is seen twice, and memory tells nothing, while the gallery has nine
people for every question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import comb
from random import Random

from elseface.scripts.assessment.gallery import ORIGINALS, PEOPLE, Gallery


class Kind(StrEnum):
    """What is asked: which two of ten are one person, or of whom a picture shown apart is."""

    PAIR = "pair"
    ORIGINAL = "original"

    @property
    def choices(self) -> int:
        """How many pictures may be picked."""
        return PEOPLE + 1 if self is Kind.PAIR else PEOPLE

    @property
    def picks(self) -> int:
        """How many pictures make an answer."""
        return 2 if self is Kind.PAIR else 1

    @property
    def chance(self) -> float:
        """The success rate of picking blindly."""
        return 1 / comb(self.choices, self.picks)


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    kind, method : what is asked, about which anonymization
    pictures : ten names, METHOD/PICTURE; the first ``kind.choices`` may be picked, what follows is
        shown apart
    truth : places in `pictures` that make the right answer, ascending
    """

    kind: Kind
    method: str
    pictures: tuple[str, ...]
    truth: tuple[int, ...]


def draw(
    gallery: Gallery, kinds: Sequence[Kind], seed: int, assessor: int, count: int
) -> list[Question]:
    """At most `count` questions, fewer if nobody is left to ask about.

    The same `seed` and number of the assessor give the same questions.  Kinds and methods take
    turns, in an order drawn anew each round.
    """
    random = Random(f"{seed}/{assessor}")
    turns = list(product(kinds, gallery.methods))
    shown: Counter[str] = Counter()
    asked: set[str] = set()
    questions: list[Question] = []

    def newness(picture: str) -> tuple[int, float]:
        return shown[gallery.identity[picture]], random.random()

    while len(questions) < count:
        random.shuffle(turns)
        before = len(questions)
        for kind, method in turns:
            # Others come from the same pictures, so that none is known to be no subject.
            people: dict[str, str] = {}
            for picture in sorted(gallery.methods[method], key=newness):
                people.setdefault(gallery.identity[picture], picture)
            album = defaultdict(list)
            for picture in gallery.methods[method]:
                album[gallery.identity[picture]].append(picture)
            left = [person for person in people if person not in asked and len(album[person]) > 1]
            if not left:
                continue
            # The subject is any of the newest: the newest itself could be told by being new.
            newest = [*people][:PEOPLE]
            subject = random.choice([p for p in newest if p in left] or left[:1])
            others = [person for person in newest if person != subject][: PEOPLE - 1]
            asked.add(subject)
            shown.update([subject, *others])
            originals = [people[person] for person in (subject, *others)]
            another = random.choice([p for p in album[subject] if p != people[subject]])
            questions.append(_shuffled(kind, method, originals, another, random))
        if len(questions) == before:
            break
    return questions[:count]


def _shuffled(
    kind: Kind, method: str, originals: list[str], another: str, random: Random
) -> Question:
    """The question about the first of the originals, who is in `another` picture as well."""
    original = f"{ORIGINALS}/{originals[0]}"
    anonymized = f"{method}/{another}"
    pictures = [f"{ORIGINALS}/{picture}" for picture in originals]
    if kind is Kind.PAIR:
        pictures.append(anonymized)
    random.shuffle(pictures)
    truth = {pictures.index(original)}
    if kind is Kind.PAIR:
        truth.add(pictures.index(anonymized))
    else:
        pictures.append(anonymized)
    return Question(kind, method, tuple(pictures), tuple(sorted(truth)))
