"""What stage 1 offers, by the names the command line takes.  Imports nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class DetectorName(StrEnum):
    """Detectors; see :mod:`elseface.stage1_disentangle.detectors`."""

    UNION = "union"
    FRONTAL = "frontal"
    CNN = "cnn"
    MTCNN = "mtcnn"
