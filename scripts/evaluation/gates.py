"""What must be true of a harness before any of its figures is believed.

Each check raises an :class:`ElsefaceError`; nothing is reported by a harness that fails one.
"""

from __future__ import annotations

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.scripts.evaluation.methods import UNCHANGED

#: How far the score of *unchanged* may lie from that of the clean pictures.
CLOSE = 0.01
#: A recognizer that knows a smaller share of the clean pictures is no judge.
KNOWN = 0.5
#: On faces half and nine tenths were learnt from 1000 and 2000 pictures, a fifth from wrong names.
LEARNT = 1 / 3
#: Of the error of what can be undone altogether, what a short training leaves at most.
UNDONE = 0.5
#: What restoring may cost pictures that nobody changed, of which no U-Net gives back every pixel.
HARMLESS = 0.02
#: A detector that finds fewer of the unchanged faces says nothing about the others.
FOUND = 0.9


def unchanged_scores_as_clean(score: float, clean: float) -> None:
    """Unchanged pictures, written and read back, are recognised as the originals are."""
    if abs(score - clean) > CLOSE:
        raise ElsefaceError(
            f"gate: unchanged pictures score {score:.3f}, clean ones {clean:.3f}; pictures are"
            " damaged on the way through the harness"
        )


def knows_people(recognizer: str, clean: float, chance: float) -> None:
    """A recognizer knows people in clean pictures: under one that does not, everybody is hidden."""
    if clean < KNOWN:
        raise ElsefaceError(
            f"gate: {recognizer} knows {clean:.3f} of the clean pictures, who guesses blindly"
            f" {chance:.3f}: no judge; see colour, mean, scale and layout in its file"
        )


def training_helps(trained: float, untrained: float) -> None:
    """On unchanged pictures a trained attacker does at least as well as the untrained one."""
    if trained < untrained:
        raise ElsefaceError(
            f"gate: the trained attacker scores {trained:.3f} on unchanged pictures, the untrained"
            f" one {untrained:.3f}; his training is broken, and would make every method look good"
        )


def training_learns(told: float, untrained: float, trained: float) -> None:
    """Of what knowing the telling directions wins, training wins LEARNT or more; see
    :func:`~elseface.scripts.evaluation.trained.control`."""
    if trained < untrained + LEARNT * (told - untrained):
        raise ElsefaceError(
            f"gate: where rank-1 is {untrained:.3f} untrained and could be {told:.3f}, training"
            f" brings it to {trained:.3f} only: it is broken, and would make every method look good"
        )


def restoring_learns(untrained: float, trained: float) -> None:
    """What can be undone altogether is undone by half at least; see
    :func:`~elseface.scripts.evaluation.restore.control`."""
    if not trained <= UNDONE * untrained:
        raise ElsefaceError(
            f"gate: negatives, which anybody could undo, are {untrained:.3f} off before restoring"
            f" and {trained:.3f} after it: it is broken, and would make every method look good"
        )


def restoring_harms_nothing(restored: float, naive: float) -> None:
    """Where there is nothing to undo the restoring attacker does as well as the naive one."""
    if restored < naive - HARMLESS:
        raise ElsefaceError(
            f"gate: unchanged pictures score {restored:.3f} after restoring, {naive:.3f} before; it"
            " is broken, and would make every method look good"
        )


def everybody_embedded(
    recognizer: str, vectors: tuple[np.ndarray, ...], missed: np.ndarray
) -> None:
    """A recognizer has numbers for every face: one without would be like nobody, hence hidden."""
    if lost := sum(int((~np.isfinite(v[~missed]).all(1)).sum()) for v in vectors):
        raise ElsefaceError(f"gate: {recognizer} gives no numbers for {lost} faces")


def something_changed(method: str, identical: np.ndarray, missed: np.ndarray) -> None:
    """A method that replaces faces leaves none as it was that it found."""
    same = int((identical & ~missed).sum())
    if method != UNCHANGED and same:
        raise ElsefaceError(
            f"gate: {same} faces under {method} are as they were to the last pixel, though they"
            " were found"
        )


def missed_counts(attack: str, score: float, missed: float) -> None:
    """A face that the pipeline missed was released as it is, and counts as recognised: no attack
    scores less than the share of them."""
    if score < missed - 1e-9:
        raise ElsefaceError(
            f"gate: {attack} scores {score:.3f}, though {missed:.3f} of the faces were missed and"
            " count as recognised"
        )


def assessor_sees(low: float, hidden: float) -> None:
    """The assessor tells more of the unchanged pictures, at the lower end of its interval, than of
    those without a face: else he sees surroundings alone."""
    if low <= hidden:
        raise ElsefaceError(
            f"gate: the assessor tells {low:.3f} of the unchanged pictures at least, {hidden:.3f}"
            " of black ellipses; he sees no faces: leave `assessor` out, or judge more pictures"
        )


def detector_sees(found: float) -> None:
    """The independent detector finds the faces of unchanged pictures."""
    if found < FOUND:
        raise ElsefaceError(
            f"gate: the detector finds {found:.1%} of the unchanged faces, too few to be a judge"
        )
