"""Methods on the test identities, judged by networks that took no part in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from elseface.common.anonymizer import Anonymizer
from elseface.common.celeba import TEST, VALIDATION, CelebA
from elseface.common.errors import ElsefaceError
from elseface.common.face import Face
from elseface.common.photo import read_photo
from elseface.scripts.evaluation import controls, gates, privacy, quality, utility
from elseface.scripts.evaluation.recognizer import Recognizer
from elseface.scripts.evaluation.score import EXPRESSION
from elseface.stage1_disentangle.attribute_training import score
from elseface.stage1_disentangle.attributes import AttributeClassifier, portrait
from elseface.stage1_disentangle.faces import aligned_face
from rich.progress import track


class Bench:
    """The test pictures in memory, and the judges.

    Parameters
    ----------
    data : the layout; of its test split, who is known
    recognizer, judge : networks that no loss has seen
    limit : at most so many pictures
    """

    def __init__(
        self,
        data: CelebA,
        recognizer: Recognizer,
        judge: AttributeClassifier,
        limit: int | None,
    ) -> None:
        self.data = data
        self.rows = np.flatnonzero((data.partition == TEST) & (data.identity >= 0))[:limit]
        if len(self.rows) < 2:
            raise ElsefaceError("the test split (2) has no image whose identity is known")
        self.identity = data.identity[self.rows]
        self.photos = [read_photo(data.paths[i]).pixels for i in self.rows]
        self.faces = [aligned_face(photo) for photo in self.photos]
        self.recognizer = recognizer
        self.judge = judge
        self.mtcnn = utility.Mtcnn()
        self.clean = self._embedded(self.photos, self.faces)
        self.seen = utility.seen_attributes(judge, self.photos, self.faces)
        self.real = self._features(self.photos)

    def attribute_accuracy(self, classifier: AttributeClassifier) -> dict[str, float]:
        """Mean accuracy, balanced accuracy and majority baseline of the classifier."""
        guesses = utility.seen_attributes(classifier, self.photos, self.faces)
        mean = score(self.data.attributes[self.rows], guesses.astype(float))[-1]
        return {name: mean[name] for name in ("accuracy", "balanced", "majority")}

    def controls(self) -> dict[str, Any]:
        """Unchanged, black ellipse and stranger, and chance."""
        others = np.flatnonzero(self.data.partition == VALIDATION)
        bits = self.data.attributes
        chosen = others[controls.strangers(bits[self.rows], bits[others])]
        pictures = {i: read_photo(self.data.paths[i]).pixels for i in np.unique(chosen)}
        met = {i: self.recognizer.embed(p, aligned_face(p)) for i, p in pictures.items()}
        black = [controls.black_ellipse(p, face) for p, face in zip(self.photos, self.faces)]
        hidden = self._embedded(black, self.faces)
        unchanged = self._utility(self.photos, self._shown(self.photos))
        gates.detector_sees(unchanged["face found by MTCNN"])
        return {
            "chance": privacy.chance(self.identity),
            "unchanged": privacy.attacks(self.clean, self.clean, self.identity)
            | unchanged
            | self._quality(self.photos, self.clean),
            "black ellipse": privacy.attacks(hidden, self.clean, self.identity),
            "stranger": privacy.attacks(
                np.stack([met[i] for i in chosen]), self.clean, self.identity, parrot=False
            ),
        }

    def method(self, anonymizer: Anonymizer) -> dict[str, Any]:
        """Everything about one method: privacy, utility, quality.

        An attacker may cut the face out by where it was or by where it now is: the worse counts.
        """
        results = self.anonymized(anonymizer, range(len(self.rows)))
        shown = self._shown(results)
        probes = [self._embedded(results, faces) for faces in (self.faces, shown)]
        attacks = [privacy.attacks(probe, self.clean, self.identity) for probe in probes]
        worst = privacy.worst(attacks)
        return worst | self._utility(results, shown) | self._quality(results, probes[0])

    def anonymized(self, anonymizer: Anonymizer, which: Sequence[int]) -> list[np.ndarray]:
        """Some of the pictures, by number, anonymized."""
        return [
            anonymizer.anonymize(self.photos[k], [self.faces[k]], seed=0).pixels
            for k in track(which, anonymizer.name)
        ]

    def _utility(self, results: list[np.ndarray], shown: list[Face]) -> dict[str, Any]:
        found = [self.mtcnn.found(*pair) for pair in zip(results, self.faces)]
        error = [utility.landmark_error(*pair) for pair in zip(shown, self.faces)]
        seen = utility.seen_attributes(self.judge, results, self.faces)
        return {
            "face found by MTCNN": float(np.mean(found)),
            "landmark error": float(np.mean(error)),
            "expression kept": float((seen == self.seen)[:, EXPRESSION].mean()),
            "protected kept": utility.protected_kept(self.seen, seen),
        }

    def _quality(self, results: list[np.ndarray], embeddings: np.ndarray) -> dict[str, float]:
        ssim = [quality.similarity(*pair) for pair in zip(self.photos, results)]
        return {
            "SSIM whole": float(np.mean([whole for whole, _ in ssim])),
            "SSIM face box": float(np.mean([box for _, box in ssim])),
            "Frechet distance, recognizer": quality.frechet(self.clean, embeddings),
            "Frechet distance, judge": quality.frechet(self.real, self._features(results)),
        }

    def _shown(self, pictures: list[np.ndarray]) -> list[Face]:
        return [utility.as_seen(*pair) for pair in zip(pictures, self.faces)]

    def _embedded(self, pictures: list[np.ndarray], faces: list[Face]) -> np.ndarray:
        return np.stack([self.recognizer.embed(*pair) for pair in zip(pictures, faces)])

    def _features(self, pictures: list[np.ndarray]) -> np.ndarray:
        portraits = [portrait(*pair) for pair in zip(pictures, self.faces)]
        return quality.features(self.judge, portraits)
