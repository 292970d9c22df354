"""What is compared, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from elseface.common.anonymizer import NOBODY, Anonymized, Anonymizer, Change, Worn
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.weights import PACKAGED
from elseface.scripts.evaluation.people import People
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.k_same import load_mean_face
from elseface.stage3_generate.load import load_attribute_edit

#: The controls: nothing done, everything under the mask hidden, another person's picture, and that
#: person's face in this one.
UNCHANGED = "unchanged"
STRANGERS = STRANGER, STRANGER_FACE = "stranger", "stranger-face"
CONTROLS = (UNCHANGED, MethodName.BLACKOUT.value, *STRANGERS)


@dataclass(frozen=True)
class Unchanged:
    """Does nothing; what it scores, the harness must score on clean pictures."""

    name: str = UNCHANGED

    def anonymize(
        self, photo: np.ndarray, faces: Sequence[Face], seed: int, worn: Worn = NOBODY
    ) -> Anonymized:
        """See :class:`~elseface.common.anonymizer.Anonymizer`."""
        return Anonymized(photo.copy(), tuple(map(Change, faces)))


def load_method(name: str, others: People, folder: Path = PACKAGED) -> Anonymizer:
    """A method by its name, and what follows it after a colon; `others` are who a face may become
    the mean of, and in `folder` are elseface's own weights.

    ``blur:0.3`` is a blur of that strength; ``attribute-edit`` is the default of the tool,
    ``attribute-edit:flip`` the new shape with the policy ``flip``, ``attribute-edit:own/none`` one
    with the shape as well; of these two kinds the first draw is taken, so that a factor shows what
    it gives away.

    Raises
    ------
    ElsefaceError
        When there is no such method, strength, shape or policy.
    """
    kind, _, setting = name.partition(":")
    if name == UNCHANGED:
        return Unchanged()
    if kind not in set(MethodName):
        known = ", ".join([*CONTROLS, *sorted(set(MethodName) - {*CONTROLS})])
        raise ElsefaceError(f"--methods {name!r}: choose from {known}")
    if kind == MethodName.MEAN_FACE:
        if setting:
            raise ElsefaceError(f"--methods {name!r}: mean-face takes no strength")
        return load_mean_face(others.paths, others.faces)
    if kind != MethodName.ATTRIBUTE_EDIT:
        return replace(load_obfuscation(MethodName(kind), _number(name, setting)), name=name)
    if not setting:
        return load_attribute_edit(folder=folder)
    shape, _, policy = setting.rpartition("/")
    try:
        chosen = PolicyName(policy), ShapeName(shape or ShapeName.NEW)
    except ValueError:
        raise ElsefaceError(
            f"--methods {name!r}: after the colon goes [SHAPE/]POLICY, of"
            f" {', '.join(ShapeName)} and {', '.join(PolicyName)}"
        ) from None
    return replace(load_attribute_edit(*chosen, folder=folder), attempts=1, name=name)


def _number(name: str, text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise ElsefaceError(f"--methods {name!r}: the strength {text!r} is no number") from None
