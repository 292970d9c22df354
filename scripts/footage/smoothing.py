"""Smoothed landmarks: a Kalman filter over a face's sightings, and back.

A face is taken apart into where it is, how large and how turned it is, and its shape.  Place and
size go on as they went, less and less so; the shape stays.  The way back (Rauch, Tung and Striebel,
AIAA Journal 1965) uses the frames that come after: the result does not lag behind the face, goes
from sighting to sighting where there are none between, and says how far it may be off.

Points are complex numbers x + iy, so that a similarity transform is z -> a z + b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: A frame's share of the speed that the next one keeps: on its way, and of growing or turning.
KEPT_SPEED, KEPT_TURN = 0.95, 0.7
#: Deviation of what is seen from what is, and of how fast speed changes a frame.  Both over the
#: root mean square distance of the landmarks from their centre, a third of a face's width or so.
PLACE = 0.012, 0.03
SIZE = 0.012, 0.004
SHAPE = 0.02, 0.004
#: A smoothed landmark is never farther from where it was seen, in the same unit.
LIMIT = 0.04
#: Where nothing is known: so much, in the same unit.
ANYWHERE = 100.0


@dataclass(frozen=True)
class Sighting:
    """A face in one frame.

    Attributes
    ----------
    landmarks : ndarray of shape (68, 2), photo pixels
    doubt : 0 for a face that the detector saw; else how many frames it was moved on from one, by
        the motion of the picture
    score : the detector's
    """

    landmarks: np.ndarray
    doubt: int = 0
    score: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether the detector saw it."""
        return self.doubt == 0


def smooth(seen: Sequence[Sighting | None]) -> tuple[np.ndarray, np.ndarray]:
    """One face in n frames in a row.

    Parameters
    ----------
    seen : a sighting a frame, at least one of them not None

    Returns
    -------
    landmarks : ndarray of shape (n, 68, 2), photo pixels
    error : ndarray of shape (n,), standard deviation of the place over :func:`radius`
    """
    where = [i for i, sighting in enumerate(seen) if sighting]
    points = np.stack([_complex(seen[i].landmarks) for i in where])
    place = points.mean(1, keepdims=True)
    reference = (points - place)[0] / radius(seen[where[0]].landmarks)
    turn = (points - place) @ reference.conj()[:, None] / np.vdot(reference, reference).real
    unit = np.median(np.abs(turn))
    doubt = np.array([1 + 2 * seen[i].doubt for i in where], float)

    def filtered(values: np.ndarray, noise: float, drift: float, kept: float):
        rows = np.full((len(seen), values.shape[1]), np.nan, complex)
        rows[where] = values
        deviation = np.ones(len(seen))
        deviation[where] = noise * doubt
        return _kalman(rows, deviation, drift, kept)

    shape, _ = filtered((points - place) / turn, *SHAPE, 0.0)
    size, _ = filtered(np.log(turn), *SIZE, KEPT_TURN)
    centre, error = filtered(place / unit, *PLACE, KEPT_SPEED)
    result = _real(shape * np.exp(size) + centre * unit)
    for i in where:
        if seen[i].sure:
            result[i] = _near(result[i], seen[i].landmarks)
    return result, error


def radius(landmarks: np.ndarray) -> float:
    """Root mean square distance of landmarks (68, 2) from their centre, the unit of this module."""
    return float(np.sqrt(((landmarks - landmarks.mean(0)) ** 2).sum(1).mean()))


def _kalman(
    values: np.ndarray, noise: np.ndarray, drift: float, kept: float
) -> tuple[np.ndarray, np.ndarray]:
    """Means (n, k) and deviation (n,) of k numbers that share their speed's `drift`; rows of
    `values` (n, k) that are NaN were not seen."""
    step = np.array([[1, kept], [0, kept]])
    walk = drift**2 * np.array([[1 / 3, 1 / 2], [1 / 2, 1]])
    first = values[~np.isnan(values[:, 0])][0]
    state, spread = np.stack([first, 0 * first]), np.diag([ANYWHERE**2, 1.0])
    after, before = [], []
    for row, deviation in zip(values, noise):
        if after:
            state, spread = step @ state, step @ spread @ step.T + walk
        before.append((state, spread))
        if not np.isnan(row[0]):
            gain = spread[:, :1] / (spread[0, 0] + deviation**2)
            state = state + gain * (row - state[0])
            spread = spread - gain @ spread[:1]
        after.append((state, spread))
    for i in range(len(after) - 2, -1, -1):
        back = after[i][1] @ step.T @ np.linalg.inv(before[i + 1][1])
        state = after[i][0] + back @ (after[i + 1][0] - before[i + 1][0])
        spread = after[i][1] + back @ (after[i + 1][1] - before[i + 1][1]) @ back.T
        after[i] = state, spread
    means = np.stack([state[0] for state, _ in after])
    return means, np.sqrt([max(0.0, spread[0, 0]) for _, spread in after])


def _near(smoothed: np.ndarray, seen: np.ndarray) -> np.ndarray:
    apart = smoothed - seen
    far = np.hypot(*apart.T)[:, None] / (LIMIT * radius(seen))
    return seen + apart / np.maximum(1, far)


def _complex(points: np.ndarray) -> np.ndarray:
    return points[:, 0] + 1j * points[:, 1]


def _real(points: np.ndarray) -> np.ndarray:
    return np.stack([points.real, points.imag], axis=-1).astype(np.float32)
