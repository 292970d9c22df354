"""The decoder's losses: pure functions of tensors."""

from __future__ import annotations

from keras import ops

#: Weight of a pixel outside the mask, where the picture is copied, over one inside.
OUTSIDE = 0.1


def masked_l1(real, fake, mask):
    """Mean |real - fake| over pixels weighted 1 under the mask and OUTSIDE elsewhere.

    real, fake : (n, h, w, 3) in [-1, 1]; mask : (n, h, w, 1), 1 over the face.
    """
    weight = mask + OUTSIDE * (1 - mask)
    return ops.sum(weight * ops.abs(real - fake)) / (3 * ops.sum(weight))


def hinge_discriminator(real, fake):
    """Lim and Ye, 2017: logits above 1 for real and below -1 for drawn patches cost nothing."""
    return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))


def hinge_generator(fake):
    """The generator wants its patches' logits high."""
    return -ops.mean(fake)
