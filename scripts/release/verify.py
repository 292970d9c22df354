"""A photo is encoded, read back and looked at, until none of its faces can be told any more.

What was encoded is what counts, and the only thing that leaves: until then it is in memory.  A
second detector says whether a face was missed, the recognizer whether a face that was replaced is
still taken for anybody of the photo who is to be hidden; what does not pass is done again, more
strongly, and at last blacked out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from elseface.common.errors import ElsefaceError
from elseface.common.photo import Photo, decode_photo
from elseface.scripts.release.painter import Painter, covered
from elseface.scripts.release.recognition import THRESHOLD, look_again
from elseface.scripts.release.scene import Attempt, Scene, Step, Subject
from elseface.stage1_disentangle.box import SAME, Box, nearest, overlap
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage1_disentangle.descriptor import network
from elseface.stage1_disentangle.detection import Detector
from elseface.stage1_disentangle.detectors import load_detector

#: After so many paintings a photo is given up.  A face needs at most five, one that is only found
#: after some of them is blacked out at once if it comes after LATE.
PAINTINGS, LATE = 10, 4
#: A box of the second detector of which less is replaced shows a face that was missed: of the one
#: nearest to a replaced face, whose box the detectors see a little differently, and of any other,
#: however much it overlaps that.
REPLACED, BESIDE = 0.5, 0.9
#: Boxes that overlap less are not of the same face: the second detector's overlaps the first one's
#: by .50 or more, of 260 faces in the wild, in portraits and in results, the median by .81.
OWN = 0.45
#: The mean grey value, 0 to 255, up to which a black-out came through the encoder.
BLACK = 10.0


@dataclass(frozen=True)
class Verifier:
    """Looks at what was written.

    Attributes
    ----------
    detector : not the one that found the faces
    name : its name
    """

    detector: Detector
    name: str

    def missed(self, written: np.ndarray, scene: Scene) -> list[Box]:
        """Boxes of faces in the written pixels that nobody replaced and nobody agreed to show."""
        gone = covered(written.shape, scene.subjects)
        found = scene.not_spared(self.detector(written))
        own = {nearest(subject.face.box, found, OWN) for subject in scene.subjects}
        return [
            box
            for i, box in enumerate(found)
            if _share(gone, box) < (REPLACED if i in own else BESIDE)
        ]


def load_verifier(name: DetectorName) -> Verifier:
    """The verifier with this detector; the recognizer is loaded with it."""
    network()
    return Verifier(load_detector(name), name.value)


def passes(written: np.ndarray, subject: Subject, scene: Scene) -> bool:
    """Whether a subject can be told no more; what was seen is noted in its attempt."""
    if subject.step is Step.BLACKOUT:
        gone = written[covered(written.shape, [subject])]
        passed = not gone.size or float(gone.mean()) <= BLACK  # of a video, it may have left
        subject.attempt = Attempt(subject.step, passed)
        return passed
    now = _descriptors(written, subject)
    own, *others = (
        float(np.linalg.norm(now - other.original, axis=-1).min())
        for other in [subject, *(s for s in scene.subjects if s is not subject)]
    )
    # What the recognizer is blind to it cannot verify; only pixels cover it whatever it says.
    seen = subject.before < THRESHOLD or subject.step is Step.PIXELATE
    passed = seen and min([own, *others]) >= THRESHOLD
    subject.attempt = Attempt(subject.step, passed, own, min(others, default=None))
    return passed


def _descriptors(written: np.ndarray, subject: Subject) -> np.ndarray:
    """What the recognizer sees of a subject now; it need not look where nothing is new."""
    here = written[subject.face.alignment.widened(2).window(written.shape)]
    if subject.seen is None or not np.array_equal(subject.seen[0], here):
        subject.seen = here, look_again(written, subject.face)
    return subject.seen[1]


def verified(photo: Photo, scene: Scene, painter: Painter, verifier: Verifier, name: str) -> bytes:
    """Paint the scene and encode it as `name` says, again and again, until all of it passes.

    Raises
    ------
    ElsefaceError
        When it never does.
    """
    for number in range(PAINTINGS):
        for data in painter.files(photo, scene, name):
            written = decode_photo(data, name)
            failed = [s for s in scene.subjects if not passes(written.pixels, s, scene)]
            missed = verifier.missed(written.pixels, scene)
            for view in written.views[1:]:
                found = verifier.missed(view, scene)
                missed += [box for box in found if nearest(box, missed) is None]
            if failed or missed:
                break
        else:
            return data
        # Whom black hides already is not who is seen beside it.
        rescued = [
            s for s in scene.subjects
            if s.found_by == verifier.name and s.step is not Step.BLACKOUT
        ]  # fmt: skip
        for subject in failed:
            subject.escalate()
        for box in missed:
            _rescue(box, scene, rescued, verifier.name, late=number >= LATE)
    raise ElsefaceError("the faces could not be verified as replaced, so not written")


def _rescue(box: Box, scene: Scene, rescued: list[Subject], found_by: str, late: bool) -> None:
    """Enter a face that was missed; black it out if it is late, or it was rescued before."""
    again = [s for s in rescued if overlap(s.face.box, box) >= SAME]
    new = None if again else scene.add_box(box, found_by)
    if late and new:
        again = [new]
    for subject in again:
        subject.black_out()


def _share(gone: np.ndarray, box: Box) -> float:
    """How much of a box is replaced; all of one that lies beyond the picture."""
    left, top, right, bottom = (max(0, edge) for edge in box)
    here = gone[top:bottom, left:right]
    return float(here.mean()) if here.size else 1.0
