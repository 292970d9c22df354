"""A conditional PatchGAN discriminator (Isola et al., CVPR 2017) with spectral normalisation
(Miyato et al., ICLR 2018); the attributes enter by projection (Miyato and Koyama, ICLR 2018).
"""

from __future__ import annotations

import keras
from elseface.common.attributes import COUNT
from elseface.stage2_reconstruct.conditions import CURVES
from elseface.stage2_reconstruct.embeddings import SIDE
from keras import layers, ops


def patchgan(size: int = 128, widths: tuple[int, ...] = (48, 96, 192)) -> keras.Model:
    """Face and conditions to one logit a patch, (n, h, w, 1), float32; high means real.

    The input is the dict of conditions with the face (n, size, size, 3) in [-1, 1] added.
    """
    face = keras.Input((size, size, 3), name="face")
    mask = keras.Input((size, size, 1), name="mask")
    curves = keras.Input((size, size, len(CURVES)), name="curves")
    maps = keras.Input((SIDE, SIDE, COUNT), name="attributes")
    x = layers.Concatenate()([face, mask, curves])
    for width in widths:
        x = layers.SpectralNormalization(layers.Conv2D(width, 4, 2, "same"))(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.SpectralNormalization(layers.Conv2D(widths[-1], 3, padding="same"))(x)
    x = layers.LeakyReLU(0.2)(x)
    logit = layers.SpectralNormalization(layers.Conv2D(1, 3, padding="same"))(x)
    wanted = layers.SpectralNormalization(layers.Dense(widths[-1]))(layers.Flatten()(maps))
    shown = layers.Dot(axes=-1)([layers.Reshape((-1, widths[-1]))(x), wanted])
    match = layers.Reshape((*ops.shape(logit)[1:3], 1))(shown)
    verdict = layers.Add()([logit, layers.Rescaling(widths[-1] ** -0.5)(match)])
    verdict = layers.Activation("linear", dtype="float32")(verdict)
    inputs = {"face": face, "mask": mask, "curves": curves, "attributes": maps}
    return keras.Model(inputs, verdict, name="discriminator")
