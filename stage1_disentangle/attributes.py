"""What a face shows, 40 attributes: the attribute network at run time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import keras
    from elseface.common.face import Face

#: The classifier sees more than the decoder's crop: hair, hat, neck.  Side over the frame's.
PORTRAIT_FIELD = 1.3
#: Side of a portrait in pixels, in the training cache and at run time alike.
PORTRAIT_SIZE = 128


def portrait(photo: np.ndarray, face: Face) -> np.ndarray:
    """What the network is shown of a face of a photo (height, width, 3) uint8 RGB."""
    return face.alignment.crop(photo, PORTRAIT_SIZE, PORTRAIT_FIELD)


def shrink(portrait: np.ndarray, size: int) -> np.ndarray:
    """A portrait at the network's size.

    One function for training and run time: the network is sensitive to how a picture was resized.
    """
    return cv2.resize(portrait, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)


class AttributeClassifier:
    """Probabilities of the 40 attributes from portraits.

    Parameters
    ----------
    network : keras.Model, as
        :func:`~elseface.stage1_disentangle.attribute_network.attribute_network` makes it
    size : side in pixels of the pictures it was trained on
    """

    def __init__(self, network: keras.Model, size: int) -> None:
        self.network = network
        self.size = size

    def probabilities(self, portraits: Sequence[np.ndarray]) -> np.ndarray:
        """Portraits, each (PORTRAIT_SIZE, PORTRAIT_SIZE, 3) uint8 RGB, to (n, 40) float32."""
        batch = np.stack([shrink(portrait, self.size) for portrait in portraits])
        return np.asarray(self.network.predict_on_batch(batch), np.float32)
