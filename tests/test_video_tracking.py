"""Smoothing, following and cuts, each by itself."""

import numpy as np
import pytest
from elseface.common.anonymizer import NOBODY, Anonymized, Change
from elseface.scripts.footage import matching, tracking
from elseface.scripts.footage.cuts import FRAMES, Start, starts
from elseface.scripts.footage.drawing import introduce
from elseface.scripts.footage.first_sight import average
from elseface.scripts.footage.following import drift, plausible, redetect
from elseface.scripts.footage.person import LADDER, Person
from elseface.scripts.footage.smoothing import LIMIT, Sighting, radius, smooth
from elseface.scripts.footage.tracking import FINE, Tracker, View
from elseface.scripts.release.scene import UNFIT_LADDER, Step
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.tilt import CLEAR
from scenes import HEIGHT, WIDTH, backdrop, shot


def path(mean_shape, n: int, speed: float = 4.0) -> np.ndarray:
    """A face of 100 pixels going right: (n, 68, 2)."""
    return 100 * mean_shape + speed * np.arange(n)[:, None, None] * [1, 0.5]


def test_smoothing_steadies_and_does_not_lag(mean_shape, random):
    true = path(mean_shape, 30)
    noisy = true + random.normal(0, 1.0, true.shape)
    smoothed, error = smooth([Sighting(points) for points in noisy])
    away = np.abs(smoothed - true)
    assert away.mean() < 0.5 * np.abs(noisy - true).mean()
    assert np.abs((smoothed - true).mean((0, 1))).max() < 0.1
    assert (error < 0.02).all()
    unit = LIMIT * radius(true[0])
    assert np.hypot(*(smoothed - noisy).transpose(2, 0, 1)).max() <= unit * 1.05


def test_gaps_and_both_ends_are_filled_in_with_more_doubt(mean_shape):
    true = path(mean_shape, 30)
    seen = [None] * 30
    for i in (*range(5, 12), *range(18, 25)):
        seen[i] = Sighting(true[i])
    smoothed, error = smooth(seen)
    away = np.hypot(*(smoothed - true).transpose(2, 0, 1)).max(1) / radius(true[0])
    assert away[12:18].max() < 0.1 and away[0] < 0.3 and away[-1] < 0.3
    assert error[0] > error[4] > error[8] < error[14] < error[29] > error[25]


def test_a_single_sighting_is_enough(mean_shape):
    (points,) = path(mean_shape, 1)
    smoothed, _ = smooth([None, Sighting(points), None])
    assert np.allclose(smoothed, points, atol=1e-3)


@pytest.fixture(scope="module")
def seen():
    """A scene and the landmarks of its face."""
    one = shot(backdrop(0), [(150, 120)])
    (face,) = find_faces(one.pixels)
    return one.pixels, face.landmarks


def test_a_face_is_found_where_it_is_expected_and_nowhere_else(seen):
    pixels, landmarks = seen
    found = redetect(pixels, landmarks + np.array([8, -6]))
    assert found and np.abs(found.landmarks - landmarks).mean() < 3
    assert redetect(pixels, landmarks + np.array([90, 0])) is None
    turned = shot(backdrop(0), [(150, 120)], [(56, 40)]).pixels
    assert redetect(turned, landmarks) is None or plausible(redetect(turned, landmarks).landmarks)


def test_an_unseen_face_moves_with_the_picture(seen):
    pixels, landmarks = seen
    moved = shot(backdrop(0), [(155, 117)]).pixels
    after = drift(pixels, moved, Sighting(landmarks))
    assert after and after.doubt == 1 and not after.sure
    assert np.abs(after.landmarks - landmarks - [5, -3]).max() < 1.5
    elsewhere = backdrop(3)[:HEIGHT, :WIDTH]
    assert drift(pixels, elsewhere, Sighting(landmarks)) is None


def test_implausible_landmarks(mean_shape):
    assert plausible(100 * mean_shape)
    for squeeze in ([1, 0.1], [0.1, 1]):
        assert not plausible(100 * mean_shape * squeeze)


class Looking(Tracker):
    """Counts the faces that it looks at, and is told what a search finds."""

    looked, boxes = 0, None

    def sighting(self, photo, box):
        self.looked += 1
        return super().sighting(photo, box)

    def search(self, now, abrupt):
        return super().search(now, abrupt) if self.boxes is None else self.boxes


def test_a_face_that_is_clearly_seen_is_looked_at_once(seen):
    pixels, _ = seen
    tracker = Looking(50)
    for _ in range(2 * FINE):
        tracker.add(pixels, Start(abrupt=False, cut=False))
    (track,) = tracker.tracks
    assert tracker.looked == 1 and min(s.score for s in track.seen.values()) >= CLEAR
    assert len(track.seen) == 2 * FINE


@pytest.mark.parametrize(("across", "down"), [(0.0, 0.45), (0.5, 0.2), (-0.6, 0.0), (0.0, -0.6)])
def test_whose_box_lies_over_a_clear_face_is_somebody_else(seen, across, down):
    """A detector's box that is moved by shares of its side, as of a child held before her."""
    pixels, _ = seen
    tracker = Looking(50)
    tracker.add(pixels, Start(abrupt=False, cut=True))
    (own,) = detect(pixels)
    side = own[2] - own[0]
    x, y = round(across * side), round(down * side)
    tracker.boxes = [own, (own[0] + x, own[1] + y, own[2] + x, own[3] + y)]
    tracker.sighting = lambda photo, box: average(box)  # so that it stays where it is
    tracker.add(pixels, Start(abrupt=False, cut=False))
    assert len(tracker.tracks) == 2


def test_cuts_last_and_flashes_do_not():
    one, other = backdrop(0)[:HEIGHT, :WIDTH], backdrop(5)[:HEIGHT, :WIDTH] // 2
    frames = [one] * 4 + [other] * FRAMES + [np.full_like(one, 255)] + [other] * 3
    assert [i for i, start in enumerate(starts(frames)) if start.cut] == [0, 4]
    assert list(starts(frames))[4 + FRAMES] == Start(abrupt=True, cut=False)
    ends = [one] * 4 + [other] * (FRAMES - 1)  # it may be a flash as well
    assert [start.cut for start in starts(ends)] == [True] + [False] * (len(ends) - 1)
    assert all(start.abrupt for start in list(starts(ends))[4:])
    pan = [backdrop(0)[i : i + HEIGHT, 3 * i : 3 * i + WIDTH] for i in range(20)]
    assert sum(start.cut for start in starts(pan)) == 1


@pytest.fixture
def covers(mean_shape, monkeypatch):
    """What is covered where, with a detector that sees the given faces of each frame, (68, 2)."""
    here = []

    def near(photo, expected):
        seen = (Sighting(f, score=1.0) for f in here if np.abs((f - expected).mean(0)).max() < 40)
        return next(seen, None)

    def by_frame(frames, hold):
        tracker = tracking.Tracker(hold, detectors=(boxes, boxes))
        for i, faces in enumerate(frames):
            here[:] = faces
            tracker.add(np.zeros((HEIGHT, 3 * WIDTH, 3), np.uint8), Start(i == 0, i == 0))
        return tracker.take(len(frames))[0]

    def boxes(photo):
        return [(*f.min(0).astype(int), *f.max(0).astype(int)) for f in here]

    monkeypatch.setattr(tracking, "redetect", near)
    monkeypatch.setattr(tracking, "drift", lambda *_: None)
    monkeypatch.setattr(
        tracking,
        "sighting",
        lambda photo, box: Sighting(
            min(here, key=lambda f: np.abs(f.min(0) - box[:2]).max()), score=1.0
        ),
    )
    return by_frame


def test_who_comes_in_elsewhere_does_not_end_the_cover_of_who_is_lost(covers, mean_shape):
    one, lost, hold = 100 * mean_shape + 60, 20, 50
    for aside in (1.2, 3, 6, 10):
        other = one + np.array([aside * radius(one), 0])
        frames = [[one]] * lost + [[]] * 30 + [[other]] * 50
        seen = covers(frames, hold)
        people = {c.person.number for here in seen for c in here}
        if aside < matching.NEAR:
            assert people == {0}
            continue
        assert people == {0, 1}
        for i, here in enumerate(seen):
            places = {c.person.number: c.landmarks.mean(0) - one.mean(0) for c in here}
            covered = 0 in places and np.abs(places[0]).max() < 1
            assert covered == (i < lost + hold)
            assert i < lost + 30 or abs(places[1][0] - aside * radius(one)) < 1


class Named:
    """An anonymizer that does nothing but has a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def anonymize(self, photo, faces, seed, worn=NOBODY):
        return Anonymized(photo, tuple(Change(face) for face in faces))


@pytest.mark.parametrize(
    ("method", "left", "here", "there"),
    [
        ("attribute-edit", LADDER, LADDER, UNFIT_LADDER),
        ("blackout", LADDER, LADDER, [Step.BLACKOUT]),
        ("attribute-edit", [Step.BLACKOUT], [Step.BLACKOUT], [Step.BLACKOUT]),
    ],
)
def test_who_has_no_landmarks_in_their_best_view_is_pixelated(method, left, here, there):
    """On her face they lie; beside it, on her suit, the predictor puts some, too."""
    photo = shot(backdrop(0), [(100, 120)]).pixels
    (face,) = find_faces(photo)
    seen, guessed = (Person(i, ladder=list(left)) for i in range(2))
    beside = average((220, 150, 290, 220)).landmarks
    views = View(seen, photo, face.landmarks), View(guessed, photo, beside)
    introduce(views, Named(method), 0)
    assert seen.ladder == here and guessed.ladder == there
    assert seen.fits and guessed.fits == (left == [Step.BLACKOUT])
    assert seen.change and not guessed.change  # a later view may show more
    introduce([View(guessed, photo, face.landmarks)], Named(method), 0)
    assert guessed.change and guessed.ladder == (there if Step.BLACKOUT in there[:1] else LADDER)
