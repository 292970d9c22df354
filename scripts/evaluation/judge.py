"""An attribute network that only measures."""

from __future__ import annotations

from pathlib import Path

from elseface.common import weights
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.attributes import AttributeClassifier
from elseface.stage3_generate.load import load_classifier


def load_judge(judge: Path, judged: Path) -> AttributeClassifier:
    """The network in the folder `judge`, to judge what the weights in `judged` make.

    Raises
    ------
    ElsefaceError
        When it is the network that is judged, or that training listened to.
    """
    own = {weights.holder("attributes", judged), weights.PACKAGED}
    if weights.digest("attributes", judge) in {weights.digest("attributes", f) for f in own}:
        raise ElsefaceError(f"{judge}: the tool's own network cannot be its judge; train another")
    return load_classifier(judge)
