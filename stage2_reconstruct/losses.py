"""The decoder's losses: pure functions of tensors."""

from __future__ import annotations

from keras import ops

#: Weight of a pixel outside the mask, where the picture is copied, over one inside.
OUTSIDE = 0.1
#: Side of the window of structural similarity, and its constants for a range of 2.
WINDOW, C1, C2 = 7, (0.01 * 2) ** 2, (0.03 * 2) ** 2
#: Side of the blocks whose colour is compared.
BLOCK = 16


def masked_l1(real, fake, mask, known=1.0):
    """Mean |real - fake| over pixels weighted 1 under the mask and OUTSIDE elsewhere.

    real, fake : (n, h, w, 3) in [-1, 1]; mask : (n, h, w, 1), 1 over the face; known : scalar or
    (n, 1, 1, 1), 0 for a drawn face that is to differ under the mask.
    """
    return weighted_l1(real, fake, known * mask + OUTSIDE * (1 - mask))


def weighted_l1(real, fake, weight):
    """Mean |real - fake| (n, h, w, 3) over pixels of these weights (n, h, w, 1); 0 if all are."""
    return ops.sum(weight * ops.abs(real - fake)) / (3 * ops.maximum(ops.sum(weight), 1e-6))


def masked_dissimilarity(real, fake, mask, known=1.0):
    """Mean 1 - SSIM (Wang et al., 2004; uniform windows) of every other window under the mask.

    Parameters as of :func:`masked_l1`; h and w even.
    """
    real, fake = real + 1, fake + 1  # luminance is compared by ratio, and must not be negative
    mean = _blurred(real), _blurred(fake)
    variance = _blurred(real * real) - mean[0] ** 2, _blurred(fake * fake) - mean[1] ** 2
    covariance = _blurred(real * fake) - mean[0] * mean[1]
    luminance = (2 * mean[0] * mean[1] + C1) / (mean[0] ** 2 + mean[1] ** 2 + C1)
    structure = (2 * covariance + C2) / (variance[0] + variance[1] + C2)
    weight = known * mask[:, 1::2, 1::2]  # where the windows have their middle
    total = ops.maximum(3 * ops.sum(weight), 1.0)
    return ops.sum(weight * (1 - luminance * structure)) / total


def tint(real, fake, mask):
    """Mean difference of colour, brightness aside, between blocks weighted by the mask's share.

    Parameters as of :func:`masked_l1`, h and w multiples of BLOCK.  Skin has the colour of neck and
    ears, whosever face it is.
    """
    share = ops.average_pool(mask, BLOCK, BLOCK)
    difference = ops.average_pool(mask * (_chroma(real) - _chroma(fake)), BLOCK, BLOCK)
    return ops.sum(ops.abs(difference)) / (3 * ops.sum(share))


def _chroma(x):
    return x - ops.mean(x, axis=-1, keepdims=True)


def hinge(verdict, weight, truth: int):
    """Lim and Ye, 2017: what a discriminator pays; logits beyond its margin cost nothing.

    verdict, weight : (n, patches), logits and what each counts; truth : 1 for photos, -1 for drawn
    """
    return ops.mean(ops.sum(weight * ops.relu(1 - truth * verdict), axis=1))


def hinge_generator(verdict, weight):
    """The generator wants its patches' logits high."""
    return -ops.mean(ops.sum(weight * verdict, axis=1))


def feature_matching(real, fake):
    """Mean |real - fake| of a discriminator's features over mean |real|, averaged over the layers.

    Salimans et al., NIPS 2016; relative, since spectral normalisation makes deep features small.
    """
    pairs = [(ops.cast(r, "float32"), ops.cast(f, "float32")) for r, f in zip(real, fake)]
    parts = [ops.mean(ops.abs(r - f)) / (ops.mean(ops.abs(r)) + 1e-6) for r, f in pairs]
    return sum(parts) / len(parts)


def _blurred(x):
    return ops.average_pool(x, WINDOW, 2, "same")
