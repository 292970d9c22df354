"""Textures: who a face is beyond what landmarks, context and attributes say.

With the shape model these make an active appearance model (Cootes, Edwards and Taylor, IEEE TPAMI
2001), but of what the decoder does not expect: photos less what it draws for them, laid out over
the mean shape.  They are reduced as shapes are, by PCA and by generalised eigenvectors of the
scatter between and within identities; the directions that tell people apart are kept.  What goes
with attributes and landmarks, in which the decoder hesitates, is taken away by a regression before.
So anybody's texture may be drawn for anybody, by standard normal numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import scipy.linalg
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.cache import FaceCache
from elseface.stage2_reconstruct.decoder_batches import Faces, nobodys
from elseface.stage2_reconstruct.reconstruct import Decoder
from elseface.stage3_generate.shape_model import scatter
from elseface.stage3_generate.warping import samples, spline, warped
from rich.progress import track

#: Numbers that a texture is made of.
LATENTS = 48
#: Samples along the side of the frame, over the mean shape.
SIDE = 48
#: PCA components that the latents are chosen among.
COMPONENTS = 250
#: Nobody is odder than so many standard deviations.
LIMIT = 3.0
#: Textures are drawn so much larger than people have them.  By dlib's recognizer two draws of 200
#: validation faces lie .52 apart, without textures .43; the faces look about as natural.
VARIETY = 1.5
#: Faces drawn at once.
TOGETHER = 64
#: What the decoder is told, as columns of the cache.
KNOWN = ("attributes", "landmarks")


@dataclass(frozen=True)
class TextureModel:
    """A fitted model.

    Attributes
    ----------
    shape : ndarray of shape (68, 2), the mean shape, frame coordinates
    basis : ndarray of shape (LATENTS, SIDE, SIDE, 3), what each latent adds over the mean shape;
        together they vary by about 1 in a pixel
    """

    shape: np.ndarray
    basis: np.ndarray

    @classmethod
    def fit(cls, decoder: Decoder, cache: FaceCache, split: int) -> tuple[TextureModel, np.ndarray]:
        """Fit to those faces of a split that nothing covers, by the decoder that says what to
        expect.

        Returns
        -------
        model : TextureModel
        latents : ndarray of shape (len(cache), LATENTS), float32; 0 for all other faces

        Raises
        ------
        ElsefaceError
            When there are too few faces, or too few of one person.
        """
        # Seconds of import, for which a fitted model need not wait.
        from elseface.stage3_generate.swapped_faces import uncovered
        from sklearn.decomposition import PCA
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        numbers = uncovered(cache, split)
        if len(numbers) <= LATENTS:
            raise ElsefaceError(f"{cache.folder}: {len(numbers)} faces are too few for textures")
        shape = cache.column("landmarks")[numbers].mean(0)
        faces = Faces(cache, split, decoder.embedding, TOGETHER, None)
        unexpected = _unexpected(decoder, faces, numbers, shape)
        pca = PCA(min(COMPONENTS, len(numbers) - 1), random_state=0)
        reduced = pca.fit_transform(unexpected)
        known = np.hstack([cache.column(name)[numbers].reshape(len(numbers), -1) for name in KNOWN])
        expected = make_pipeline(StandardScaler(), Ridge(alpha=10.0)).fit(known, reduced)
        reduced -= expected.predict(known)
        between, within = scatter(reduced, cache.column("identity")[numbers])
        _, directions = scipy.linalg.eigh(between, within)
        directions = directions[:, ::-1]  # most telling first
        told = (reduced @ directions)[:, :LATENTS]
        write = np.linalg.inv(directions)[:LATENTS] @ pca.components_
        basis = told.std(0)[:, None] * write
        basis /= np.sqrt((basis**2).sum(0).max())
        latents = np.zeros((len(cache), LATENTS), np.float32)
        latents[numbers] = np.clip(told / told.std(0), -LIMIT, LIMIT)
        return cls(shape, basis.reshape(LATENTS, SIDE, SIDE, 3)), latents

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> TextureModel:
        """The model that :meth:`arrays` gave."""
        return cls(**arrays)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything fitted, by name."""
        return asdict(self)

    def somebody(self, landmarks: np.ndarray, random: np.random.Generator, size: int) -> np.ndarray:
        """The texture of somebody who does not exist, on a face with landmarks (68, 2): ndarray
        (size, size, 3), float32."""
        latents = np.clip(random.standard_normal(LATENTS), -LIMIT, LIMIT)
        return self.draw(VARIETY * self.untinted(latents), landmarks, size)

    def untinted(self, latents: np.ndarray) -> np.ndarray:
        """The nearest latents (LATENTS,) whose texture is neither lighter nor darker nor of another
        colour than nobody's, over the whole face: skin goes with the neck."""
        return self._untint @ latents

    @functools.cached_property
    def _untint(self) -> np.ndarray:
        shown = np.sqrt((self.basis**2).sum((0, 3)))
        tint = np.tensordot(self.basis, shown / shown.sum(), ((1, 2), (0, 1))).T  # (3, LATENTS)
        return np.eye(LATENTS) - np.linalg.pinv(tint) @ tint

    def draw(self, latents: np.ndarray, landmarks: np.ndarray, size: int) -> np.ndarray:
        """The texture that latents (LATENTS,) make on a face with landmarks (68, 2): ndarray
        (size, size, 3), float32; nothing where the landmarks are no face's but one line."""
        texture = np.tensordot(latents, self.basis, 1).astype(np.float32)
        try:
            return warped(texture, self.shape, landmarks, size, cv2.BORDER_CONSTANT)
        except np.linalg.LinAlgError:
            return np.zeros((size, size, 3), np.float32)


class LaidOut:
    """Pictures of faces laid out over one shape, as if everybody had it.

    Parameters
    ----------
    shape : ndarray of shape (68, 2), frame coordinates
    """

    def __init__(self, shape: np.ndarray) -> None:
        # Where a thin-plate spline takes a point is linear in where it takes its knots.
        self._knots = spline(shape, np.eye(68))(samples(SIDE))

    def __call__(self, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """A picture (size, size, 3), float32, with landmarks (68, 2): (SIDE, SIDE, 3)."""
        x, y = (self._knots @ landmarks * len(picture) - 0.5).astype(np.float32).T
        smooth = cv2.GaussianBlur(picture, (0, 0), len(picture) / SIDE / 2.5)
        return cv2.remap(
            smooth, x.reshape(SIDE, SIDE), y.reshape(SIDE, SIDE), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )  # fmt: skip


def _unexpected(
    decoder: Decoder, faces: Faces, numbers: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    """Photos less what the decoder draws for them, laid out: (n, SIDE * SIDE * 3)."""
    lay_out, found = LaidOut(shape), []
    for batch in track(np.array_split(numbers, -(-len(numbers) // TOGETHER)), "textures"):
        rows = faces.cache[batch]
        landmarks = rows["landmarks"]
        given, photos = faces.given(rows, landmarks, rows["attributes"], nobodys(rows))
        drawn = np.asarray(decoder.network.predict_on_batch(given), np.float32)
        rest = (photos - drawn) * given["mask"]
        found += [lay_out(*face).ravel() for face in zip(rest, landmarks)]
    return np.stack(found)
