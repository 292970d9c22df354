"""What tells face shapes apart, and what attributes do to them: a statistical model.

Landmarks are normalised by a similarity transform to the mean shape and reduced by PCA;
generalised eigenvectors of the scatter between and within identities sort what differs between
people before what differs between two pictures of one (pose, expression).  The model holds
directions and covariances, no shape of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import scipy.linalg
from elseface.common.attributes import EXPRESSION, indices
from elseface.common.errors import ElsefaceError

#: PCA components: 99 % of the variance of CelebA's shapes.
COMPONENTS = 30
#: An expression that is asked for is shown more clearly than photos show it on average.
CLEAR = 1.5
#: Of changing a shape and normalising it again.
ROUNDS = 4
#: Identities with fewer pictures say too little about the scatter within one.
PICTURES = 6


@dataclass(frozen=True)
class ShapeModel:
    """A fitted model of n coordinates, those that tell people apart most first.

    Attributes
    ----------
    mean : ndarray of shape (136,), the mean shape, x and y in turn, frame coordinates
    read : ndarray of shape (n, 136): coordinates = read @ (shape - mean)
    write : ndarray of shape (136, n): what a change of the coordinates does to the shape
    slope, offset : ndarrays of shape (n, 40) and (n,): expected coordinates given attributes
    spread : ndarray of shape (n, n), Cholesky factor of what the attributes leave open
    response : ndarray of shape (136, 40), what each attribute does to the shape on average
    """

    mean: np.ndarray
    read: np.ndarray
    write: np.ndarray
    slope: np.ndarray
    offset: np.ndarray
    spread: np.ndarray
    response: np.ndarray

    @classmethod
    def fit(cls, landmarks: np.ndarray, identity: np.ndarray, attributes: np.ndarray) -> ShapeModel:
        """Fit to landmarks (n, 68, 2), identities (n,) with -1 for unknown, and bits (n, 40)."""
        # A second of import, for which a fitted model need not wait.
        from sklearn.decomposition import PCA
        from sklearn.linear_model import Ridge

        mean = landmarks.mean(0)
        shapes = np.stack([_normalise(points, mean)[0] for points in landmarks]).reshape(-1, 136)
        pca = PCA(COMPONENTS).fit(shapes)
        reduced = pca.transform(shapes)
        between, within = scatter(reduced, identity)
        _, directions = scipy.linalg.eigh(between, within)
        directions = directions[:, ::-1]  # most telling first
        read = directions.T @ pca.components_
        write = pca.components_.T @ np.linalg.inv(directions.T)
        coordinates = (shapes - pca.mean_) @ read.T
        expected = Ridge(alpha=10.0).fit(attributes, coordinates)
        rest = coordinates - expected.predict(attributes)
        spread = np.linalg.cholesky(np.cov(rest.T))
        response = pca.components_.T @ Ridge(alpha=10.0).fit(attributes, reduced).coef_
        return cls(
            pca.mean_, read, write, expected.coef_, expected.intercept_, spread, response,
        )  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> ShapeModel:
        """The model that :meth:`arrays` gave."""
        return cls(**{name: array.astype(np.float64) for name, array in arrays.items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything fitted, by name."""
        return asdict(self)

    def coordinates(self, landmarks: np.ndarray) -> np.ndarray:
        """The coordinates (n,) of landmarks (68, 2)."""
        normal, _ = _normalise(landmarks, self.mean.reshape(68, 2))
        return self.read @ (normal.ravel() - self.mean)

    def reshape(self, landmarks: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
        """Landmarks (68, 2) whose first coordinates are `coordinates` (k,), at most n of them.

        Place, size and the other coordinates stay.  A changed shape normalises a little
        differently, which would leave a tenth of the old coordinates in the new ones; a few rounds
        take that away.
        """
        k = len(coordinates)
        for _ in range(ROUNDS):
            normal, undo = _normalise(landmarks, self.mean.reshape(68, 2))
            change = self.write[:, :k] @ (coordinates - self.coordinates(landmarks)[:k])
            landmarks = undo(normal + change.reshape(68, 2))
        return landmarks.astype(np.float32)

    def respond(self, landmarks: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Landmarks (68, 2) after a change (40,) of the attributes, each -1 to 1."""
        if not change.any():
            return landmarks
        normal, undo = _normalise(landmarks, self.mean.reshape(68, 2))
        clear = change.copy()
        clear[indices(EXPRESSION)] *= CLEAR
        return undo(normal + (self.response @ clear).reshape(68, 2)).astype(np.float32)

    def draw(
        self,
        attributes: np.ndarray,
        random: np.random.Generator,
        k: int,
        truncation: float = 1.0,
    ) -> np.ndarray:
        """The first k coordinates of somebody with these attributes (40,) who does not exist, with
        `truncation` times a person's deviation from what the attributes lead to expect."""
        expected = self.slope[:k] @ attributes + self.offset[:k]
        return expected + truncation * (self.spread[:k, :k] @ random.standard_normal(k))


def _normalise(landmarks: np.ndarray, mean: np.ndarray):
    """Landmarks moved, turned and scaled onto the mean shape, and the way back.

    As complex numbers a similarity transform is z -> a z + b; least squares gives a.
    """
    z, target = (points[:, 0] + 1j * points[:, 1] for points in (landmarks, mean))
    centre, middle = z.mean(), target.mean()
    a = np.vdot(z - centre, target - middle) / np.vdot(z - centre, z - centre)

    def undo(points: np.ndarray) -> np.ndarray:
        w = (points[:, 0] + 1j * points[:, 1] - middle) / a + centre
        return np.stack([w.real, w.imag], axis=1)

    moved = a * (z - centre) + middle
    return np.stack([moved.real, moved.imag], axis=1), undo


def scatter(points: np.ndarray, identity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance of the identities' means and pooled covariance about them."""
    names, counts = np.unique(identity[identity >= 0], return_counts=True)
    if (counts >= PICTURES).sum() < 2:
        raise ElsefaceError(f"too few identities with {PICTURES} pictures; see identity_CelebA")
    groups = [points[identity == name] for name in names[counts >= PICTURES]]
    means = np.stack([group.mean(0) for group in groups])
    within = np.concatenate([group - mean for group, mean in zip(groups, means)])
    freedom = len(within) - len(groups)
    ridge = 1e-4 * np.eye(points.shape[1]) * points.var(0).mean()
    return np.cov(means.T), within.T @ within / freedom + ridge
