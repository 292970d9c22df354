"""A written video is looked at until no face can be told: protection is broken on purpose here."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest
from elseface.common.anonymizer import NOBODY, Anonymized, Change, Disguise
from elseface.common.errors import ElsefaceError
from elseface.scripts.footage import export as exports
from elseface.scripts.footage import marking, report
from elseface.scripts.footage.export import LATE, PASSES, Export
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.protection import Protected
from elseface.scripts.footage.record import Appearance, Record
from elseface.scripts.footage.tracking import OURS
from elseface.scripts.footage.writing import Writer
from elseface.scripts.release import painter as painters
from elseface.scripts.release.consent import Consent
from elseface.scripts.release.label import Label
from elseface.scripts.release.scene import Step
from elseface.scripts.release.verify import Verifier
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from scenes import Shot, backdrop, frames_of, shot, write

#: A frame shows a face if more than this share of it is as it was.
SHOWN = 0.03

BLACK, MASK = load_obfuscation(MethodName.BLACKOUT), load_obfuscation(MethodName.MASK)
SHOTS = [shot(backdrop(0), [(140 + 3 * i, 120)]) for i in range(5)]
TWO = [shot(backdrop(0), [(80 + 2 * i, 120), (240 - i, 110)]) for i in range(5)]


@dataclass
class Idle:
    """Does nothing to the faces of which it makes somebody up, the left ones of a frame."""

    right_of: float = 1000.0
    name: str = "idle"
    stream: tuple | None = None
    made_up: list = field(default_factory=list)

    def anonymize(self, photo, faces, seed, worn=NOBODY):
        self.made_up += [seed for i in range(len(faces)) if i not in worn]
        others = [face for face in faces if face.landmarks[:, 0].mean() > self.right_of]
        pixels = MASK.anonymize(photo, others, 0).pixels
        new = Disguise(np.zeros(40), np.zeros(40), self.stream or (seed, len(self.made_up)))
        changes = [Change(face, worn.get(i, new)) for i, face in enumerate(faces)]
        return Anonymized(pixels, tuple(changes))


def nobody(photo):
    return []


@pytest.fixture
def released(tmp_path):
    """What was noted of a video of these shots, and the shots as they were written."""

    def run(shots: list[Shot], anonymizer, seen=nobody, label=None, found=OURS):
        write(tmp_path / "in.mp4", [s.pixels for s in shots])
        output, verifier = tmp_path / "out" / "out.mp4", Verifier(seen, "second")
        export = Export(
            tmp_path / "in.mp4", output, anonymizer, 3, 5.0, True, verifier, label=label,
            detectors=found,
        )  # fmt: skip
        try:
            record, _ = export(copy=False)
        finally:
            assert not list(tmp_path.glob("out/.*"))  # no draft is left
        written = frames_of(output)
        assert len(written) == len(shots)
        return list(record.people), max(s.exposed(f) for s, f in zip(shots, written))

    return run


@pytest.fixture
def passes(monkeypatch) -> list[int]:
    """The numbers of the passes that were made over the video; that for a label has its last."""
    made, once = [], Export._pass

    def count(self, draft, word, mark):
        kind, _, number = word.partition(" ")
        made.append(made[-1] if kind == "label" else int(number or 1) - 1)
        return once(self, draft, word, mark)

    monkeypatch.setattr(Export, "_pass", count)
    return made


def test_what_is_good_is_written_once(released, passes):
    (person,), exposed = released(SHOTS, BLACK, seen=detect)
    assert passes == [0] and exposed <= SHOWN
    assert person.step is Step.ASKED and not person.tried
    assert person.tally.passed and person.tally.looks >= 1
    assert person.tally.before < 0.6 <= person.tally.distance


def test_who_does_nothing_is_found_out(released, passes):
    idle = Idle()
    (person,), exposed = released(SHOTS, idle)
    assert [a.step for a in person.tried] == [Step.ASKED, Step.OTHER]
    assert not any(a.passed for a in person.tried) and person.tried[0].distance < 0.2
    assert person.step is Step.MASK and person.tally.passed and exposed < 0.2
    assert {3, 3 + (1 << 32)} <= set(idle.made_up) and passes == [0, 1, 2]


def test_nothing_helps_but_black(released, monkeypatch):
    monkeypatch.setattr(painters, "load_obfuscation", lambda name: Idle())
    (person,), exposed = released(SHOTS, Idle())
    assert [a.step for a in person.tried] == [Step.ASKED, Step.OTHER, Step.MASK]
    assert person.step is Step.BLACKOUT and person.tally.passed and exposed == 0


def test_who_passed_stays_who_they_are(released):
    """Of two people one fails: in the passes that follow the other is the same, as they were."""
    people, exposed = released(TWO, Idle(right_of=160))
    left, right = sorted(people, key=lambda person: person.tally.box[0])
    assert left.step is Step.MASK and right.step is Step.ASKED and not right.tried
    assert right.change.disguise.stream[0] == 3 and left.change.disguise.stream[0] > 1 << 32
    assert sorted(person.number for person in people) == [0, 1] and exposed < 0.2


@pytest.mark.parametrize(("stream", "redrawn"), [((1, 2, 3), 2), (None, 1)])
def test_who_wears_the_same_face_gets_another_together(released, stream, redrawn):
    """As under a key, where one person in two scenes is two to the tracker; the first one fails."""
    cut = [*SHOTS[:4], *[shot(backdrop(5)[::-1] // 2, [(240, 120)])] * 4]
    idle = Idle(right_of=200, stream=stream)
    people, _ = released(cut, idle)
    assert [person.step for person in people] == [Step.MASK, Step.ASKED]
    assert [seed >> 32 for seed in idle.made_up].count(1) == redrawn


def test_a_face_that_was_missed_is_rescued(released, passes):
    """The tracker's detector sees nobody; the second one, in the frames looked at, does."""
    (person,), exposed = released(SHOTS, BLACK, seen=detect, found=(nobody, nobody))
    assert person.found_by == "second" and person.fits and person.tally.passed
    assert exposed <= SHOWN and passes == [0, 1]


def test_what_is_seen_at_one_look_alone_is_covered_till_the_next(released, tmp_path):
    """A second detector that takes a lamp for a face, once: at 0, 1, 2 and 3 seconds are looks."""
    corner = (20, 20, 50, 50)
    dark, lamp = (np.full((240, 320, 3), 90, np.uint8) for _ in range(2))
    lamp[20:50, 20:50] = 200
    shots = [Shot(lamp, (), ()) if 20 <= i < 60 else Shot(dark, (), ()) for i in range(90)]

    def seen(photo):
        return [corner] if photo[30:40, 30:40].mean() > 180 and photo[200, 300, 0] < 120 else []

    for i in range(40, 60):  # at the second look it is none
        shots[i] = Shot(np.where(np.arange(240)[:, None, None] < 150, lamp, 160), (), ())
    (person,), _ = released(shots, BLACK, seen=seen, found=(nobody, nobody))
    covered = [i for i, f in enumerate(frames_of(tmp_path / "out/out.mp4")) if f[35, 35, 0] < 40]
    assert person.step is Step.BLACKOUT and 25 in covered and max(covered) <= 50


def test_a_lost_face_is_held_from_look_to_look_however_long_frames_last():
    """Looks go by time: where frames come faster, more of them lie between two."""
    record = Record(Fraction(1, 60), 1.0, None)
    pixels = np.zeros((2, 2, 3), np.uint8)
    stamps = [*range(0, 240, 4), *range(240, 420)]  # 15 frames a second, then 60
    for stamp in stamps:
        record.add(Protected(Frame(pixels, stamp), pixels, (), (), cut=False))
    assert sorted(record.looks)[:3] == [0, 15, 30] and record.gap == 60


def test_one_of_two_is_missed(released):
    def left(photo):
        return [box for box in detect(photo) if box[0] < 150]

    people, exposed = released(TWO, BLACK, seen=detect, found=(left, left))
    assert {person.number: person.found_by for person in people} == {0: "union", 1: "second"}
    assert exposed <= SHOWN


def test_what_is_no_face_to_the_landmarks_is_pixelated_or_black(released):
    """A second detector that always sees something in a corner."""
    corner = (20, 20, 50, 50)
    people, _ = released(SHOTS, Idle(right_of=0), seen=lambda photo: [corner])
    (rescued,) = (person for person in people if person.found_by == "second")
    assert not rescued.fits and rescued.step in (Step.PIXELATE, Step.BLACKOUT)


def test_who_got_less_than_was_asked_for_is_told(released, tmp_path):
    record = Record(Fraction(1, 25), 0.5, None)
    people = [Person(0), Person(1, fits=False, ladder=[Step.BLACKOUT]), Person(2)]
    people[2].ladder = [Step.MASK]
    record.people = {p: Appearance(2.0 - p.number, 4.25, frames=3) for p in people}
    never = Person(3, ladder=[Step.BLACKOUT])
    record.people[never] = Appearance(0, 1)
    first, second = report.less_than_asked(tmp_path / "in.mp4", record, "blur")
    assert "in.mp4: from 0.0 to 4.2 s a face got a mask" in first and "black" in second
    assert report.less_than_asked(tmp_path, record, "blackout") == []
    assert len(report.less_than_asked(tmp_path, record, "mask")) == 0
    people[1].ladder = [Step.PIXELATE]
    assert len(report.less_than_asked(tmp_path, record, "pixelate")) == 1  # the mask


def test_what_is_seen_elsewhere_every_time_is_not_written(released, tmp_path, passes):
    """An earlier result stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/out.mp4").write_bytes(b"earlier")
    corners = iter((x, y) for x in (0, 40, 240, 280) for y in (0, 40, 160, 200))

    def seen(photo):
        x, y = next(corners)
        return [(x, y, x + 25, y + 25)]

    with pytest.raises(ElsefaceError, match=r"in\.mp4: .*not be verified"):
        released(SHOTS[:2], BLACK, seen=seen)
    assert passes == list(range(PASSES)) and LATE < PASSES
    assert (tmp_path / "out/out.mp4").read_bytes() == b"earlier"


def test_the_label_stays_in_one_corner_and_hides_no_face(released, tmp_path, passes):
    """She comes to the lower right in the end alone.  What bears it is written, and looked at,
    once more."""
    coming = [shot(backdrop(0), [(150 + 24 * i, 100 + 18 * i)]) for i in range(6)]
    plain, labelled = [], []
    for label, frames in ((None, plain), (Label("nobody"), labelled)):
        passes.clear()
        people, exposed = released(coming, BLACK, seen=nobody, label=label)
        assert people and all(person.tally.passed for person in people) and exposed <= SHOWN
        frames += [f.astype(int) for f in frames_of(tmp_path / "out/out.mp4")]
        (tmp_path / "out/out.mp4").unlink()
    assert passes == [0, 0]
    places = set()
    for one, other in zip(plain, labelled, strict=True):
        y, x = np.nonzero(np.abs(one - other).max(-1) > 80)
        assert other[y.min() : y.max(), x.min() : x.max()].max() > 220
        places.add((round(y.min(), -1), round(x.min(), -1), round(y.max(), -1), round(x.max(), -1)))
        assert y.min() > 200 and x.max() < 90
    assert len(places) == 1


def test_who_is_seen_where_the_label_will_be_is_hidden_first(released, passes):
    """A second detector sees somebody in the lower right, where nothing is written yet."""

    def seen(photo):
        written = photo[215:, 250:].min() < 30
        return [] if written else [(262, 190, 302, 230)]

    people, _ = released(SHOTS, BLACK, seen=seen, label=Label("nobody"))
    (rescued,) = (person for person in people if person.found_by == "second")
    assert rescued.tally.passed and passes[:2] == [0, 1] and passes[-2] == passes[-1]


def test_who_is_done_again_for_what_bears_the_label_is_seen_without_it_again(released, passes):
    """A second detector that sees somebody only where words stand, once."""
    once = iter([[(262, 190, 302, 230)]])

    def seen(photo):
        return next(once, []) if photo[215:, 250:].min() < 30 else []

    people, _ = released(SHOTS, BLACK, seen=seen, label=Label("nobody"))
    assert passes[:4] == [0, 0, 1, 2] and passes[-2] == passes[-1]  # pixels, then black, no face
    assert all(person.tally.passed for person in people)


def test_words_on_a_black_face_are_no_face(released, passes, monkeypatch):
    """She fills the lower half: whatever the corner, words may stand on her."""
    monkeypatch.setattr(marking, "HEAD", 1e-3)  # as if there were no head to keep clear of
    large = [shot(backdrop(0), [(250, 170)], [(110,)])] * 3
    (person,), exposed = released(large, BLACK, seen=detect, label=Label("n " * 10))
    assert passes == [0, 0] and person.tally.passed and exposed <= SHOWN


def test_who_was_not_replaced_gets_no_label(tmp_path, passes):
    """Everybody in it agreed to be seen."""
    write(tmp_path / "in.mp4", [s.pixels for s in SHOTS])
    (face,) = find_faces(SHOTS[0].pixels)
    agreed = Consent(("her.png",), embed(SHOTS[0].pixels, face)[None])
    verifier = Verifier(nobody, "second")
    export = Export(
        tmp_path / "in.mp4", tmp_path / "out.mp4", BLACK, 3, 5.0, True, verifier,
        consent=agreed, label=Label("nobody"),
    )  # fmt: skip
    record, _ = export(copy=False)
    assert passes == [0] and [there.frames for there in record.people.values()] == [0]


def test_a_label_that_has_no_room_is_told_before_all_else(released, passes):
    with pytest.raises(ElsefaceError, match=r"in\.mp4: too small for the label"):
        released(SHOTS[:1], BLACK, label=Label("nobody " * 30))
    assert not passes


def test_what_was_encoded_is_what_counts(released, tmp_path, monkeypatch):
    """The writer writes the original whatever it is given."""
    once = Writer.write
    monkeypatch.setattr(Writer, "write", lambda self, frame, _: once(self, frame, frame.pixels))
    with pytest.raises(ElsefaceError, match="not be verified"):
        released(SHOTS, BLACK)
    assert not list((tmp_path / "out").iterdir())


def test_a_frame_too_few_is_not_passed(released, monkeypatch):
    once = Writer.write

    def skip(self, frame, pixels):
        if frame.stamp:
            once(self, frame, pixels)

    monkeypatch.setattr(Writer, "write", skip)
    with pytest.raises(ElsefaceError, match="not written whole"):
        released(SHOTS, BLACK)


def test_whom_the_recognizer_does_not_know_gets_a_mask(released, monkeypatch):
    """That it tells nobody proves nothing then; under a method that leaves nothing it need not."""
    monkeypatch.setattr("elseface.scripts.release.scene.unprotected_distance", lambda *_: 0.9)
    (person,), _ = released(SHOTS, Idle())
    assert person.step is Step.MASK and [a.step for a in person.tried] == [Step.ASKED]
    assert person.tally.blind and not person.tally.looks
    (person,), _ = released(SHOTS, BLACK)
    assert person.step is Step.ASKED and person.tally.passed


def test_ctrl_c_while_it_is_looked_at_leaves_nothing(released, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(exports, "examine", stop)
    with pytest.raises(KeyboardInterrupt):
        released(SHOTS, BLACK)
    assert not list((tmp_path / "out").iterdir())
