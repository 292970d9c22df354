"""What stage 3 offers, by the names the command line takes.  Imports nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class PolicyName(StrEnum):
    """Policies for the new attributes; see :mod:`elseface.stage3_generate.policies`."""

    NONE = "none"
    FLIP = "flip"
    ALL = "all"
    RANDOM = "random"
    PPAS = "ppas"


class ShapeName(StrEnum):
    """Sources of the new face shape; see :mod:`elseface.stage3_generate.shape`."""

    OWN = "own"
    MEAN = "mean"
    NEW = "new"


class MethodName(StrEnum):
    """Methods of anonymization; all but the first are for comparison, see
    :mod:`elseface.stage3_generate.classic` and :mod:`~elseface.stage3_generate.k_same`."""

    ATTRIBUTE_EDIT = "attribute-edit"
    BLUR = "blur"
    PIXELATE = "pixelate"
    BLACKOUT = "blackout"
    SWIRL = "swirl"
    INPAINT_TELEA = "inpaint-telea"
    INPAINT_NS = "inpaint-ns"
    MASK = "mask"
    MEAN_FACE = "mean-face"
