"""Everything that is computed about a method's pictures, one after the other, in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from elseface.common.face import Face
from elseface.scripts.evaluation.memory import Memory
from elseface.scripts.evaluation.pictures import Result
from elseface.scripts.evaluation.pose import head_pose
from elseface.scripts.evaluation.recognizer import Recognizer
from elseface.scripts.evaluation.utility import Mtcnn, as_seen, landmark_error
from elseface.stage1_disentangle.attributes import AttributeClassifier, portrait
from elseface.stage1_disentangle.factors import outside_faces
from elseface.stage1_disentangle.mask import photo_ellipse
from skimage.metrics import structural_similarity

#: What is measured of each picture, in this order.
MEASURES = (
    "face found by MTCNN", "landmark error", "pose error (degrees)", "SSIM whole", "SSIM in mask",
    "background untouched",
)  # fmt: skip


@dataclass(frozen=True)
class Judges:
    """Whoever looks at the pictures.

    Attributes
    ----------
    recognizers : by whom people are recognised
    detector : one that is not the pipeline's
    judge : says which attributes a face shows; no part of what it judges
    judge_digest : names its weights
    memory : of what they said
    """

    recognizers: Sequence[Recognizer]
    detector: Mtcnn
    judge: AttributeClassifier
    judge_digest: str
    memory: Memory


@dataclass(frozen=True)
class Examined:
    """What was found out about n pictures.

    Attributes
    ----------
    embeddings : by recognizer, two arrays (n, d): faces cut out by where they were, and by where
        they now are; rows of a missed face are not a number
    measures : ndarray of shape (n, len(MEASURES)); of a missed face not a number
    attributes : ndarray of shape (n, 40), probabilities
    asked : ndarray of shape (n, 40), 1 or 0 as was asked where that differed from before, else nan
    missed : ndarray of shape (n,), bool: no face was found, the picture stayed as it was
    seconds, faces : ndarrays of shape (n,)
    identical : ndarray of shape (n,), bool: about some face not a pixel differs from the original
    """

    embeddings: Mapping[str, tuple[np.ndarray, np.ndarray]]
    measures: np.ndarray
    attributes: np.ndarray
    asked: np.ndarray
    missed: np.ndarray
    seconds: np.ndarray
    faces: np.ndarray
    identical: np.ndarray


def examine(results: Iterable[Result], judges: Judges) -> Examined:
    """Look at every result once."""
    vectors = {r.name: ([], []) for r in judges.recognizers}
    measures, attributes, asked, missed, seconds, faces, identical = ([] for _ in range(7))
    for result in results:
        missed.append(result.face is None)
        seconds.append(result.note["seconds"])
        faces.append(len(result.faces))
        identical.append(_is_identical(result))
        asked.append(_asked(result.note))
        seen = result.face and as_seen(result.pixels, result.face)
        _embed(result, seen, judges, vectors)
        if result.face is None:
            measures.append(np.full(len(MEASURES), np.nan))
            attributes.append(np.full(40, np.nan))
            continue
        measures.append(
            judges.memory.recall(
                "measures 2",
                (result.photo, result.pixels, *_places(result)),
                lambda result=result, seen=seen: _measure(result, seen, judges.detector),
            )
        )
        attributes.append(_attributes(judges, result.pixels, result.face))
    return Examined(
        _stacked_both(vectors),
        np.array(measures), np.array(attributes), np.array(asked), np.array(missed),
        np.array(seconds), np.array(faces), np.array(identical),
    )  # fmt: skip


def embeddings(results: Iterable[Result], judges: Judges) -> dict[str, np.ndarray]:
    """By recognizer, embeddings (n, d) of the faces as they are cut out by where they were."""
    vectors: dict[str, list] = {r.name: [] for r in judges.recognizers}
    for result in results:
        for recognizer in judges.recognizers:
            row = result.face and _embedding(judges.memory, recognizer, result.pixels, result.face)
            vectors[recognizer.name].append(row)
    return {name: _stacked(rows) for name, rows in vectors.items()}


def both_ways(results: Iterable[Result], judges: Judges) -> dict[str, tuple[np.ndarray, ...]]:
    """By recognizer, the embeddings of faces cut out by where they were, and by where they are."""
    vectors = {r.name: ([], []) for r in judges.recognizers}
    for result in results:
        _embed(result, result.face and as_seen(result.pixels, result.face), judges, vectors)
    return _stacked_both(vectors)


def _embed(
    result: Result, seen: Face | None, judges: Judges, vectors: Mapping[str, tuple[list, list]]
) -> None:
    for recognizer in judges.recognizers:
        for rows, face in zip(vectors[recognizer.name], (result.face, seen)):
            rows.append(face and _embedding(judges.memory, recognizer, result.pixels, face))


def _is_identical(result: Result) -> bool:
    """Whether a face that was found, or a picture in which none was, is as it was."""
    photo, pixels = result.photo, result.pixels
    if photo.shape != pixels.shape:
        return False
    windows = [face.alignment.window(photo.shape) for face in result.faces] or [...]
    return any(bool((pixels[here] == photo[here]).all()) for here in windows)


def _embedding(
    memory: Memory, recognizer: Recognizer, pixels: np.ndarray, face: Face
) -> np.ndarray:
    about = pixels, face.landmarks, face.alignment.matrix
    return memory.recall(recognizer.digest, about, lambda: recognizer.embed(pixels, face))


def _attributes(judges: Judges, pixels: np.ndarray, face: Face) -> np.ndarray:
    shown = portrait(pixels, face)
    return judges.memory.recall(
        judges.judge_digest, (shown,), lambda: judges.judge.probabilities([shown])
    )


def _measure(result: Result, after: Face, detector: Mtcnn) -> np.ndarray:
    """MEASURES of a result that shows the face with the landmarks of `after`."""
    photo, pixels, face = result.photo, result.pixels, result.face
    before = as_seen(photo, face)
    poses = [head_pose(seen.landmarks, photo.shape) for seen in (before, after)]
    everything = (slice(0, None), slice(0, None))
    under = photo_ellipse(face, everything).draw(*photo.shape[:2]) == 1
    outside = outside_faces(photo, result.faces) == 1
    whole, similarity = structural_similarity(photo, pixels, channel_axis=-1, full=True)
    changed = (photo != pixels).any(-1)
    return np.array(
        [
            detector.found(pixels, face),
            landmark_error(after, before),
            np.abs(np.subtract(*poses)).mean(),
            whole,
            similarity[under].mean() if under.any() else 1.0,
            not changed[outside].any(),
        ]
    )


def _places(result: Result) -> Iterator[np.ndarray]:
    """Where its faces are, the one that is looked at and all that may have changed."""
    for face in (result.face, *result.faces):
        yield from (np.array(face.box), face.landmarks, face.alignment.matrix, np.array(face.tilt))


def _asked(note: Mapping) -> np.ndarray:
    if "after" not in note:
        return np.full(40, np.nan)
    before, after = (np.array(list(note[when].values())) >= 0.5 for when in ("before", "after"))
    return np.where(before != after, after, np.nan)


def _stacked_both(vectors: Mapping[str, tuple[list, list]]) -> dict[str, tuple[np.ndarray, ...]]:
    return {name: tuple(map(_stacked, both)) for name, both in vectors.items()}


def _stacked(rows: list[np.ndarray | None]) -> np.ndarray:
    size = next((len(row) for row in rows if row is not None), 1)
    return np.stack([np.full(size, np.nan) if row is None else row for row in rows])
