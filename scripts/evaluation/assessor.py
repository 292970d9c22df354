"""The source document's machine assessor: a network that knows the very people it is asked about.

AlexNet (Krizhevsky et al., NIPS 2012) at a smaller size with one more dense layer, trained from
scratch on anonymized pictures of the people, tested on others of the same people.  The source had
20 people, 270 pictures to train on and 30 to test; with that few its intervals overlap.
"""

from __future__ import annotations

import keras
import numpy as np
from elseface.common.face import Face
from keras import layers

SIZE, EPOCHS, BATCH, RATE = 64, 40, 32, 5e-4
#: What he sees, the face, in the aligned crop at so many pixels: its side, and the first row and
#: column.  Of the whole crop he learnt hair and background: with ten pictures of each of 120 people
#: he told .21 of the unchanged ones and .18 of black ellipses, of the face .36 and .07.
WIDE, TOP, LEFT = 104, 24, 20
#: Pictures of each person, on average, that he needs: with four to learn from he told unchanged
#: faces as often as black ellipses, by their surroundings.
LEAST = 10
#: Of each person's pictures one in so many is tested; one of fewer, if there are two or more.
EVERY = 5


def alexnet(people: int) -> keras.Model:
    """Crops (n, SIZE, SIZE, 3), RGB in [0, 255], to probabilities (n, people)."""
    crop = keras.Input((SIZE, SIZE, 3), dtype="uint8")
    x = layers.Rescaling(1 / 127.5, -1)(crop)
    blocks = ((48, 5, 2, True), (96, 5, 1, True), (128, 3, 1, False), (128, 3, 1, True))
    for width, side, stride, pool in blocks:
        x = layers.Conv2D(width, side, stride, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x) if pool else x
    x = layers.Flatten()(x)
    for width in (512, 512, 256):
        x = layers.Dropout(0.3)(layers.Dense(width, activation="relu")(x))
    return keras.Model(crop, layers.Dense(people, activation="softmax")(x))


def view(pixels: np.ndarray, face: Face) -> np.ndarray:
    """What he is shown of a picture (height, width, 3), uint8, RGB: (SIZE, SIZE, 3)."""
    return face.alignment.crop(pixels, WIDE)[TOP : TOP + SIZE, LEFT : LEFT + SIZE]


def enough(identity: np.ndarray) -> bool:
    """Whether these pictures (n,) are enough of each person."""
    return len(identity) >= LEAST * len(np.unique(identity))


def recognised(crops: np.ndarray, identity: np.ndarray, seed: int = 0) -> dict[int, bool]:
    """By the row of each tested picture, whether it was told whose it is.

    Parameters
    ----------
    crops : ndarray of shape (n, SIZE, SIZE, 3), uint8, RGB, anonymized
    identity : ndarray of shape (n,)
    """
    keras.utils.set_random_seed(seed)
    names, who = np.unique(identity, return_inverse=True)
    tested = np.zeros(len(who), bool)
    for person in range(len(names)):
        rows = np.flatnonzero(who == person)
        count = max(1, len(rows) // EVERY) if len(rows) > 1 else 0
        tested[np.random.default_rng(seed).permutation(rows)[:count]] = True
    network = alexnet(len(names))
    network.compile(keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy")
    training = crops[~tested], who[~tested]
    # Mirrored, too: the source's 270 pictures of 20 people are few.
    mirrored = np.concatenate([training[0], training[0][:, :, ::-1]])  # bytes: 10,000 fit
    network.fit(mirrored, np.tile(training[1], 2), batch_size=BATCH, epochs=EPOCHS, verbose=0)
    rows = np.flatnonzero(tested)
    guesses = network.predict(crops[rows], verbose=0).argmax(1)
    return dict(zip(rows.tolist(), (guesses == who[rows]).tolist()))
