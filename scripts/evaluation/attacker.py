"""Who runs a method on pictures of his own people, and learns from what it makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from elseface.common.anonymizer import Anonymizer
from elseface.scripts.evaluation import restore
from elseface.scripts.evaluation.examine import Judges, embeddings
from elseface.scripts.evaluation.people import People, Role
from elseface.scripts.evaluation.pictures import Pictures, Result, place
from elseface.scripts.evaluation.trained import Known, enough


class Attacker:
    """He trains on the people of the background, and chooses on those for tuning; none of them is
    judged.

    Parameters
    ----------
    people : by role
    folder : where his pictures and networks go
    judges : the recognizers that he has
    precision : a Keras dtype policy, of the network that restores
    """

    def __init__(
        self,
        people: Mapping[Role, People],
        folder: Path,
        judges: Judges,
        precision: str = "float32",
    ) -> None:
        self.folder, self.judges, self.precision = folder, judges, precision
        self.background, self.tuning = (
            Pictures(people[role], folder / role.value) for role in (Role.BACKGROUND, Role.TUNING)
        )

    @property
    def can_train(self) -> bool:
        """Whether he has pictures enough."""
        return enough(self.background.people.identity)

    def learnt(self, name: str, anonymizer: Anonymizer) -> dict[str, tuple[Known, Known]]:
        """By recognizer, what the method leaves of the people of the background, and of tuning."""
        background, tuning = (
            (embeddings(own.results(name, anonymizer), self.judges), own.people.identity)
            for own in (self.background, self.tuning)
        )
        return {
            by: ((background[0][by], background[1]), (tuning[0][by], tuning[1]))
            for by in background[0]
        }

    def control(self) -> tuple[float, float]:
        """As :func:`~elseface.scripts.evaluation.restore.control`, on the pictures for tuning."""
        return restore.control(self.tuning.originals(), self.precision)

    def restored(
        self, name: str, anonymizer: Anonymizer, results: Iterable[Result]
    ) -> Iterator[Result]:
        """The method's results as a network that he trained to undo it gives them back."""
        kept = self.folder / "restorers" / f"{place(self.background.folder, name).name}.weights.h5"
        restorer = restore.train(self.background.results(name, anonymizer), kept, self.precision)
        for r in results:
            pixels = restore.restored(restorer, r.pixels, r.faces[0]) if r.faces else r.pixels
            yield Result(r.photo, pixels, r.faces, r.note)
