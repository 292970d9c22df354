"""One evaluation: a method's pictures made, looked at, attacked and scored, in this order."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.scripts.console import complain
from elseface.scripts.evaluation import assessor, gates, privacy, score
from elseface.scripts.evaluation.attacker import Attacker
from elseface.scripts.evaluation.controls import Strangers
from elseface.scripts.evaluation.examine import (
    Examined,
    Judges,
    both_ways,
    embeddings,
    examine,
)
from elseface.scripts.evaluation.methods import STRANGER, UNCHANGED
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.pictures import Pictures
from elseface.scripts.evaluation.trained import LEAST, control, train_head
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation

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
    precision : a Keras dtype policy, of the attacker's U-Net
    """

    def __init__(
        self,
        people: Mapping[Role, People],
        folder: Path,
        judges: Judges,
        attacks: Collection[str],
        precision: str = "float32",
    ) -> None:
        self.people, self.folder, self.judges, self.attacks = (
            people[Role.JUDGED], folder, judges, attacks,
        )  # fmt: skip
        self.pictures = Pictures(self.people, folder / "pictures")
        self.attacker = Attacker(people, folder, judges, precision)
        self.strangers = Strangers(self.people, self.attacker.tuning, judges)
        self.unchanged: Examined | None = None
        self._leave_out("trained", self.attacker.can_train, f"{LEAST} pictures to learn from")
        enough = assessor.enough(self.people.identity)
        self._leave_out("assessor", enough, f"{assessor.LEAST} pictures of each person")

    def _leave_out(self, attack: str, can: bool, wanted: str) -> None:
        if attack in self.attacks and not can:
            complain(f"`{attack}` is left out: with fewer than {wanted} it says nothing")
            self.attacks = [name for name in self.attacks if name != attack]

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
                by: score.curve(both, self.clean[by], self.people, seen.missed)
                for by, both in seen.embeddings.items()
            }
            for curve in figures["curves"].values():
                least = min(accepted for _, accepted in curve)
                self._missed_count("receiver operating characteristic", least, seen.missed)
        figures["utility"] = score.usefulness(seen, self.unchanged)
        figures["utility intervals"] = score.doubt(seen, self.unchanged, self.people)
        figures["quality"] = score.realism(seen, self.unchanged)
        if shares := score.edit_shares(seen):
            figures["edits"] = shares
        if name == UNCHANGED:
            figures["chance"] = {
                by: privacy.permuted(clean, self.people.identity)
                for by, clean in self.clean.items()
            }
            self._gates(seen, figures)
        return figures

    def look(self, name: str, anonymizer: Anonymizer) -> Examined:
        """What a method's pictures show; those of *unchanged* are what others are measured by."""
        seen = examine(self.pictures.results(name, anonymizer), self.judges)
        gates.something_changed(name, seen.identical, seen.missed)
        for recognizer, both in seen.embeddings.items():
            gates.everybody_embedded(recognizer, both, seen.missed)
        if name == UNCHANGED:
            self.unchanged = seen
        return seen

    def compare(self, stranger: str) -> dict[str, Any]:
        """What somebody else of the same kind scores, by the naive attack alone, or that person's
        face in the surroundings of this one, which methods keep, by every attack that learns
        nothing.  Who chooses among several may find one that scores less."""
        if stranger == STRANGER:
            naive = {"naive"} & set(self.attacks)
            return {"privacy": self._by_attacks(self.strangers.embedded(), np.False_, naive)}
        missed = self.unchanged.missed
        swapped = both_ways(self.strangers.swapped(self.pictures.originals()), self.judges)
        return {
            "privacy": self._by_attacks(swapped, missed, set(self.attacks)),
            "quality": score.likeness(swapped, self.unchanged.embeddings, ~missed),
        }

    def _by_attacks(
        self, of: Mapping[str, Sequence[np.ndarray]], missed: np.ndarray, attacks: Collection[str]
    ) -> dict[str, Any]:
        return {
            name: score.untrained(ways, self.clean[name], self.people, missed, attacks)
            for name, ways in of.items()
        }

    def _privacy(self, name: str, anonymizer: Anonymizer, seen: Examined) -> dict[str, Any]:
        figures = {by: self._untrained(by, seen, self.attacks) for by in seen.embeddings}
        who = self.people.identity
        if "trained" in self.attacks:
            for recognizer, known in self.attacker.learnt(name, anonymizer).items():
                if name == UNCHANGED:
                    gates.training_learns(*control(*known, (self.clean[recognizer], who)))
                head = train_head(*known)
                told = [head(vectors) for vectors in seen.embeddings[recognizer]]
                figures[recognizer][privacy.TRAINED] = score.attack(
                    told, lambda v: privacy.rank1(v, v, who), self.people, seen.missed
                )
                figures[recognizer] |= score.linked(
                    "trained linkage", told, self.people, seen.missed
                )
        if "restore" in self.attacks:
            if name == UNCHANGED:
                gates.restoring_learns(*self.attacker.control())
            undone = self.attacker.restored(
                name, anonymizer, self.pictures.results(name, anonymizer)
            )
            for recognizer, both in both_ways(undone, self.judges).items():
                gates.everybody_embedded(recognizer, both, seen.missed)
                clean = self.clean[recognizer]
                scores = score.against_clean(both, clean, self.people, seen.missed, "restored")
                figures[recognizer] |= scores

                def hits(v: np.ndarray, clean: np.ndarray = clean) -> np.ndarray:
                    return privacy.rank1(v, clean, who)

                before = seen.embeddings[recognizer]
                counted = (score.hit(ways, hits, seen.missed) for ways in (both, before))
                times = privacy.quotient(*counted, who)
                if np.isfinite(times["mean"]):
                    scores[privacy.RESTORED][privacy.OVER_NAIVE] = times
        for scores in figures.values():
            for attack, of in scores.items():
                self._missed_count(attack, of["mean"], seen.missed)
        if "assessor" in self.attacks:
            figures[ASSESSOR] = {CLOSED_SET: self._assessed(name, anonymizer, seen)}
            if name == UNCHANGED:
                black = load_obfuscation(MethodName.BLACKOUT)
                hidden = self._assessed(black.name, black, seen)
                gates.assessor_sees(figures[ASSESSOR][CLOSED_SET]["interval"][0], hidden["mean"])
        return figures

    def _missed_count(self, attack: str, scored: float, missed: np.ndarray) -> None:
        gates.missed_counts(attack, scored, score.least(missed, self.people.identity))

    def _untrained(self, by: str, seen: Examined, attacks: Collection[str]) -> dict[str, Any]:
        return score.untrained(
            seen.embeddings[by], self.clean[by], self.people, seen.missed, attacks
        )

    def _assessed(self, name: str, anonymizer: Anonymizer, seen: Examined) -> dict[str, Any]:
        blank = np.zeros((assessor.SIZE, assessor.SIZE, 3), np.uint8)
        crops = [
            assessor.view(r.pixels, r.face) if r.face else blank
            for r in self.pictures.results(name, anonymizer)
        ]
        told = assessor.recognised(np.stack(crops), self.people.identity)
        rows, right = list(told), np.array(list(told.values()), float)
        asked = self.people.subset(rows)
        figures = score.attack([right], lambda hits: hits, asked, seen.missed[rows])
        gates.missed_counts(CLOSED_SET, figures["mean"], float(seen.missed[rows].mean()))
        if asked.attributes is not None:  # fewer than all who are judged
            figures["groups"] = score.grouped(asked)
        return figures

    def _gates(self, seen: Examined, figures: dict[str, Any]) -> None:
        """What must be true of *unchanged*, whichever attacks were asked for."""
        gates.detector_sees(figures["utility"]["face found by MTCNN"])
        for by, clean in self.clean.items():
            untrained = self._untrained(by, seen, ("naive", "parrot"))
            naive, parrot = (untrained[of]["mean"] for of in (privacy.NAIVE, privacy.PARROT))
            reached = privacy.rank1(clean, clean, self.people.identity)
            reached = np.where(seen.missed, 1, reached)
            gates.unchanged_scores_as_clean(naive, float(np.nanmean(reached)))
            gates.everybody_embedded(by, (clean,), seen.missed)
            gates.knows_people(by, float(np.nanmean(reached)), figures["chance"][by])
            scores = figures["privacy"][by]
            if privacy.TRAINED in scores:
                gates.training_helps(scores[privacy.TRAINED]["mean"], parrot)
            if privacy.RESTORED in scores:
                gates.restoring_harms_nothing(scores[privacy.RESTORED]["mean"], naive)
