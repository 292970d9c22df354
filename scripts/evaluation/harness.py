"""One evaluation: a method's pictures made, looked at, attacked and scored, in this order."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.scripts.evaluation import assessor, gates, privacy, restore, score
from elseface.scripts.evaluation.controls import strangers
from elseface.scripts.evaluation.examine import Examined, Judges, embeddings, examine
from elseface.scripts.evaluation.methods import UNCHANGED
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.pictures import Pictures, Result
from elseface.scripts.evaluation.trained import train_head

TRAINED, RESTORED = "trained parrot rank-1", "restored rank-1"
#: Of an assessor who is no recognizer.
ASSESSOR, CLOSED_SET = "assessor", "closed-set rank-1"


class Harness:
    """Judges one method after the other on the same people.

    Parameters
    ----------
    people : by role; those who are judged, and the attacker's, already limited
    folder : where pictures and networks go
    judges : whoever looks
    attacks : names of the attacks that are tried
    """

    def __init__(
        self, people: Mapping[Role, People], folder: Path, judges: Judges, attacks: Collection[str]
    ) -> None:
        self.people, self.folder, self.judges, self.attacks = (
            people[Role.JUDGED], folder, judges, attacks,
        )  # fmt: skip
        self.pictures = Pictures(self.people, folder / "pictures")
        self.attacker = {
            role: Pictures(people[role], folder / role.value)
            for role in (Role.BACKGROUND, Role.TUNING)
        }
        self.unchanged: Examined | None = None

    @functools.cached_property
    def clean(self) -> dict[str, np.ndarray]:
        """Embeddings of the originals by recognizer: the gallery of the naive attack."""
        return embeddings(self.pictures.originals(), self.judges)

    def judge(self, name: str, anonymizer: Anonymizer) -> dict[str, Any]:
        """All figures of one method; the first to be judged is *unchanged*.

        Raises
        ------
        ElsefaceError
            When a gate shows that the figures could not be believed.
        """
        seen = self.look(name, anonymizer)
        figures: dict[str, Any] = {"privacy": self._privacy(name, anonymizer, seen)}
        if "naive" in self.attacks:
            figures["curves"] = {
                by: score.curve(both[0], self.clean[by], self.people)
                for by, both in seen.embeddings.items()
            }
        figures["utility"] = score.usefulness(seen, self.unchanged)
        figures["quality"] = score.realism(seen, self.unchanged)
        if shares := score.edit_shares(seen):
            figures["edits"] = shares
        if name == UNCHANGED:
            self._gates(figures)
        return figures

    def look(self, name: str, anonymizer: Anonymizer) -> Examined:
        """What a method's pictures show; those of *unchanged* are what others are measured by."""
        seen = examine(self.pictures.results(name, anonymizer), self.judges)
        gates.something_changed(name, seen.identical, seen.missed)
        if name == UNCHANGED:
            self.unchanged = seen
        return seen

    def stranger(self) -> dict[str, Any]:
        """What somebody else of the same kind scores: privacy alone."""
        others = self.attacker[Role.TUNING].people
        if self.people.attributes is None:
            random = np.random.default_rng(0)
            chosen = random.integers(0, len(others), len(self.people))
        else:
            chosen = strangers(self.people.attributes, others.attributes)
        met = embeddings(self.attacker[Role.TUNING].originals(), self.judges)
        nobody = np.zeros(len(chosen), bool)
        return {
            "privacy": {
                name: score.untrained((rows[chosen],), self.clean[name], self.people, nobody,
                                      {"naive"})
                for name, rows in met.items()
            }
        }  # fmt: skip

    def _privacy(self, name: str, anonymizer: Anonymizer, seen: Examined) -> dict[str, Any]:
        figures: dict[str, Any] = {}
        for recognizer, both in seen.embeddings.items():
            clean = self.clean[recognizer]
            figures[recognizer] = score.untrained(
                both, clean, self.people, seen.missed, self.attacks
            )
        if "assessor" in self.attacks:
            figures[ASSESSOR] = {CLOSED_SET: self._assessed(name, anonymizer, seen)}
        who = self.people.identity
        if "trained" in self.attacks:
            learnt = {
                role: embeddings(pictures.results(name, anonymizer), self.judges)
                for role, pictures in self.attacker.items()
            }
            for recognizer, both in seen.embeddings.items():
                head = train_head(
                    *((rows[recognizer], self.attacker[role].people.identity)
                      for role, rows in learnt.items())
                )  # fmt: skip
                figures[recognizer][TRAINED] = score.attack(
                    map(head, both), lambda v: privacy.rank1(v, v, who), self.people, seen.missed
                )
        if "restore" in self.attacks:
            undone = embeddings(self._restored(name, anonymizer), self.judges)
            for recognizer, rows in undone.items():
                clean = self.clean[recognizer]
                figures[recognizer][RESTORED] = score.attack(
                    [rows], lambda v, clean=clean: privacy.rank1(v, clean, who), self.people,
                    seen.missed,
                )  # fmt: skip
        return figures

    def _assessed(self, name: str, anonymizer: Anonymizer, seen: Examined) -> dict[str, Any]:
        blank = np.zeros((assessor.SIZE, assessor.SIZE, 3), np.uint8)
        crops = [
            r.faces[0].alignment.crop(r.pixels, assessor.SIZE) if r.faces else blank
            for r in self.pictures.results(name, anonymizer)
        ]
        told = assessor.recognised(np.stack(crops), self.people.identity)
        rows, right = list(told), np.array(list(told.values()), float)
        return score.attack([right], lambda hits: hits, self.people.subset(rows), seen.missed[rows])

    def _restored(self, name: str, anonymizer: Anonymizer) -> Iterator[Result]:
        pairs = self.attacker[Role.BACKGROUND].results(name, anonymizer)
        kept = self.folder / "restorers" / f"{self.pictures.place(name).name}.weights.h5"
        restorer = restore.train(pairs, kept)
        for r in self.pictures.results(name, anonymizer):
            pixels = restore.restored(restorer, r.pixels, r.faces[0]) if r.faces else r.pixels
            yield Result(r.photo, pixels, r.faces, r.note)

    def _gates(self, figures: dict[str, Any]) -> None:
        gates.detector_sees(figures["utility"]["face found by MTCNN"])
        for recognizer, clean in self.clean.items():
            scores = figures["privacy"][recognizer]
            if privacy.NAIVE in scores:
                reached = privacy.rank1(clean, clean, self.people.identity).mean()
                gates.unchanged_scores_as_clean(scores[privacy.NAIVE]["mean"], reached)
            if TRAINED in scores and privacy.PARROT in scores:
                gates.training_helps(scores[TRAINED]["mean"], scores[privacy.PARROT]["mean"])
