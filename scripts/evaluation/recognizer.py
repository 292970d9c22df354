"""Face recognizers that judge; none of them was in a loss."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from elseface.common.face import Face

#: The ArcFace template for 112x112: eyes, nose tip, mouth corners (Deng et al., CVPR 2019).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]], np.float32,
)  # fmt: skip


class OnnxRecognizer:
    """A recognizer in an ONNX file taking RGB 112x112 faces on the ArcFace template, ImageNet
    mean and standard deviation."""

    MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def embed(self, photo: np.ndarray, face: Face) -> np.ndarray:
        """Unit embedding (d,) of a face of a photo (height, width, 3) uint8 RGB.

        It is cut out by the landmarks of `face`; those of the original spare the attacker to find
        a face that a method blacked out.
        """
        p = face.landmarks
        points = np.stack([p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]])
        matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE, method=cv2.LMEDS)
        crop = cv2.warpAffine(photo, matrix, (112, 112))
        pixels = ((crop / 255 - self.MEAN) / self.DEVIATION).transpose(2, 0, 1)[None]
        vector = self._session.run(None, {self._input: pixels.astype(np.float32)})[0][0]
        return vector / np.linalg.norm(vector)
