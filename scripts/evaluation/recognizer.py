"""Face recognizers that judge."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, Protocol

import cv2
import numpy as np
import pydantic
import yaml
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.stage1_disentangle.descriptor import SIDE, embed

#: The ArcFace template for 112x112: eyes, nose tip, mouth corners (Deng et al., CVPR 2019).
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]], np.float32,
)  # fmt: skip


class Recognizer(Protocol):
    """Faces to embeddings; the nearer two lie, the more alike the faces.

    `digest` names the network and its preprocessing: what it has embedded may be kept by it.
    """

    name: str
    digest: str

    def embed(self, photo: np.ndarray, face: Face) -> np.ndarray:
        """Embedding (d,) of a face of a photo (height, width, 3) uint8 RGB.

        It is cut out by the landmarks of `face`; those of the original spare the attacker to find
        a face that a method blacked out.
        """
        ...


class Dlib:
    """dlib's descriptor.  The default method asks it too, which draw to take: judge that method by
    another one."""

    name = "dlib"
    digest = f"dlib-resnet-v1-{SIDE}"

    def embed(self, photo: np.ndarray, face: Face) -> np.ndarray:
        """See :class:`Recognizer`."""
        return embed(photo, face)


class Description(pydantic.BaseModel, extra="forbid"):
    """A recognizer's YAML file.

    Attributes
    ----------
    file : the ONNX network, relative to the YAML file
    size : side of its input in pixels; faces lie on the ArcFace template, scaled
    colour, layout : of the input
    scale : applied to pixels in 0 to 255, before
    mean, deviation : by channel, in the order of `colour`
    """

    file: Path
    size: pydantic.PositiveInt = 112
    colour: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    scale: pydantic.PositiveFloat = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)


class OnnxRecognizer:
    """A recognizer in an ONNX file, prepared for as its description says; unit embeddings."""

    def __init__(self, name: str, description: Description) -> None:
        import onnxruntime

        self.name, self._about = name, description
        try:
            content = description.file.read_bytes()
            beside = description.file.with_name(description.file.name + ".data")
            content += beside.read_bytes() if beside.is_file() else b""
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(
                str(description.file), options, providers=["CPUExecutionProvider"]
            )
            self._input = self._session.get_inputs()[0].name
            self._vector(np.zeros((description.size, description.size, 3), np.uint8))
        except Exception as error:  # onnxruntime has a dozen of its own kinds
            reason = str(error).splitlines()[0]
            raise ElsefaceError(
                f"{description.file}: not a readable ONNX file, or not of that input ({reason})"
            ) from None
        settings = description.model_dump_json(exclude={"file"})
        self.digest = hashlib.sha256(content + settings.encode()).hexdigest()

    def embed(self, photo: np.ndarray, face: Face) -> np.ndarray:
        """See :class:`Recognizer`."""
        about, p = self._about, face.landmarks
        points = np.stack([p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]])
        matrix, _ = cv2.estimateAffinePartial2D(
            points, TEMPLATE * (about.size / 112), method=cv2.LMEDS
        )
        vector = self._vector(cv2.warpAffine(photo, matrix, (about.size, about.size)))
        return vector / np.linalg.norm(vector)

    def _vector(self, crop: np.ndarray) -> np.ndarray:
        about = self._about
        crop = crop[:, :, ::-1] if about.colour == "BGR" else crop
        pixels = (crop * about.scale - np.array(about.mean)) / np.array(about.deviation)
        pixels = pixels if about.layout == "NHWC" else pixels.transpose(2, 0, 1)
        return self._session.run(None, {self._input: pixels[None].astype(np.float32)})[0][0]


def load_recognizer(name: str) -> Recognizer:
    """``dlib``, or the recognizer of a YAML file.

    Raises
    ------
    ElsefaceError
        When the file or the network it names cannot be read, or a setting is wrong.
    """
    if name == "dlib":
        return Dlib()
    path = Path(name)
    try:
        about = Description.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ElsefaceError(f"{path}: {where}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError):
        raise ElsefaceError(f"{name}: neither `dlib` nor a readable YAML file") from None
    except yaml.YAMLError as error:
        raise ElsefaceError(f"{path}: not YAML ({str(error).splitlines()[0]})") from None
    file = about.file if about.file.is_absolute() else path.parent / about.file
    return OnnxRecognizer(path.stem, about.model_copy(update={"file": file}))
