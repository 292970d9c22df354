"""What must be true of a harness before any of its figures is believed.

Each check raises an :class:`ElsefaceError`; nothing is reported by a harness that fails one.
"""

from __future__ import annotations

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.scripts.evaluation.methods import UNCHANGED

#: How far the score of *unchanged* may lie from that of the clean pictures.
CLOSE = 0.01
#: A detector that finds fewer of the unchanged faces says nothing about the others.
FOUND = 0.9


def unchanged_scores_as_clean(score: float, clean: float) -> None:
    """Unchanged pictures, written and read back, are recognised as the originals are."""
    if abs(score - clean) > CLOSE:
        raise ElsefaceError(
            f"gate: unchanged pictures score {score:.3f}, clean ones {clean:.3f}; pictures are"
            " damaged on the way through the harness"
        )


def training_helps(trained: float, untrained: float) -> None:
    """On unchanged pictures a trained attacker does at least as well as the untrained one."""
    if trained < untrained - CLOSE:
        raise ElsefaceError(
            f"gate: the trained attacker scores {trained:.3f} on unchanged pictures, the untrained"
            f" one {untrained:.3f}; his training is broken, and would make every method look good"
        )


def something_changed(method: str, identical: np.ndarray, missed: np.ndarray) -> None:
    """A method that replaces faces leaves no picture as it was, but where it found no face."""
    same = int((identical & ~missed).sum())
    if method != UNCHANGED and same:
        raise ElsefaceError(
            f"gate: {same} pictures of {method} are their originals to the last pixel, though a"
            " face was found in them"
        )


def missed_counts(hits: np.ndarray, missed: np.ndarray) -> None:
    """A face that the pipeline missed was released as it is, and counts as recognised."""
    if not hits[missed].all():
        raise ElsefaceError(
            f"gate: {int((hits[missed] < 1).sum())} missed faces do not count as recognised"
        )


def detector_sees(found: float) -> None:
    """The independent detector finds the faces of unchanged pictures."""
    if found < FOUND:
        raise ElsefaceError(
            f"gate: the detector finds {found:.1%} of the unchanged faces, too few to be a judge"
        )
