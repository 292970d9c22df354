"""Where the square frame of a face lies: tight around it, with a ring of context.

The orientation follows Karras et al., CVPR 2019 (appendix on FFHQ): the x axis lies between the
line of the eyes and the normal of the line from eyes to mouth, so that yaw does not tilt it.
"""

from __future__ import annotations

import numpy as np
from elseface.common.face import Alignment
from elseface.stage1_disentangle.box import Box
from elseface.stage1_disentangle.landmarks import LEFT_EYE, RIGHT_EYE

#: Side of the frame over the larger of eye distance and eye-to-mouth distance.  On CelebA's
#: aligned pictures it spans about 142 pixels.
SIDE = 3.5
#: How far down the line from eyes to mouth the frame's centre lies.
CENTRE = 0.36
#: Side of the detector's box over the frame's, on average; their middles are the same.
BOX = 0.65


def align(landmarks: np.ndarray) -> Alignment:
    """The alignment of a face from its 68 landmarks (68, 2) in photo pixels."""
    right, left = landmarks[RIGHT_EYE].mean(0), landmarks[LEFT_EYE].mean(0)
    mouth = (landmarks[48] + landmarks[54]) / 2
    eyes, down = (right + left) / 2, mouth - (right + left) / 2
    across = (left - right) + np.array([down[1], -down[0]])
    across = across / max(np.hypot(*across), 1e-6)
    side = SIDE * max(np.hypot(*(left - right)), np.hypot(*down), 1.0)
    rotation = np.array([across, [-across[1], across[0]]]) / side
    centre = eyes + CENTRE * down
    return Alignment(np.c_[rotation, 0.5 - rotation @ centre].astype(np.float64))


def usual_box(alignment: Alignment) -> Box:
    """The box that the detector would draw round the face in this frame."""
    half = BOX * alignment.pixels / 2
    (middle,) = alignment.to_photo(np.array([[0.5, 0.5]]))
    left, top, right, bottom = np.round([*(middle - half), *(middle + half)]).astype(int).tolist()
    return left, top, right, bottom
