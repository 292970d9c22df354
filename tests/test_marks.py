"""Marks: a note in the file and words on the photo say that its faces are nobody's."""

import io
import struct
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job
from elseface.common.photo import FORMATS, Photo, decode_photo, encode_photo
from elseface.scripts.footage.export import Export
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.person import Person
from elseface.scripts.footage.record import Appearance, Record
from elseface.scripts.footage.writing import CONTAINERS, Writer
from elseface.scripts.release.finder import Finder
from elseface.scripts.release.label import Label
from elseface.scripts.release.note import BOX, NAMESPACES, note, video_box, video_comment
from elseface.scripts.release.painter import Painter
from elseface.scripts.release.photos import Release
from elseface.scripts.release.scene import Scene, Spared, Step
from elseface.scripts.release.verify import Verifier, verified
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from PIL import Image

FACE = (175, 76, 265, 166)
BLACK = load_obfuscation(MethodName.BLACKOUT)
WORDS = Label("synthetic face")


def said(xmp):
    """Digital source type and description of a packet."""
    about = ElementTree.fromstring(xmp.decode()).find("rdf:RDF/rdf:Description", NAMESPACES)
    kind = about.findtext("Iptc4xmpExt:DigitalSourceType", None, NAMESPACES)
    return kind.rpartition("/")[2], about.findtext("dc:description/rdf:Alt/rdf:li", "", NAMESPACES)


def xmp_of(data):
    with Image.open(io.BytesIO(data)) as image:
        assert not {"exif", "icc_profile", "photoshop"} & set(image.info)
        return image.info.get("xmp")


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_kind_of_file_but_bmp_holds_the_note_and_nothing_else(portrait, suffix, grey):
    photo = Photo(portrait[:64, :64], grey=grey)
    packet = note("attribute-edit")
    noted = encode_photo(photo, f"a{suffix}", packet)
    assert xmp_of(encode_photo(photo, f"a{suffix}")) is None
    assert xmp_of(noted) == (None if suffix == ".bmp" else packet)
    plain = encode_photo(photo, f"a{suffix}")
    np.testing.assert_array_equal(*(decode_photo(d, "").pixels for d in (noted, plain)))


def test_the_note_says_how_in_the_words_of_the_standard():
    kind, words = said(note("attribute-edit"))
    assert kind == "compositeWithTrainedAlgorithmicMedia" and "faces of nobody (elseface" in words
    assert said(note("mean-face"))[0] == "compositeCapture"
    for covered in (note("blur"), note("pixelate"), note("attribute-edit", shown=False)):
        kind, words = said(covered)
        assert kind == "algorithmicallyEnhanced" and "unrecognizable" in words


def top_boxes(data):
    """Kind and content of each box that an ISO file is made of."""
    while data:
        size, kind = struct.unpack(">I4s", data[:8])
        assert 8 <= size <= len(data)
        yield kind, data[8:size]
        data = data[size:]


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_a_video_says_it_for_programs_too_where_its_format_can(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    comment = video_comment("attribute-edit")
    frame = Frame(np.zeros((64, 64, 3), np.uint8), 0)
    with Writer(path, path, Fraction(1, 25), Fraction(25), [], comment) as writer:
        writer.write(frame, frame.pixels)
        writer.box = video_box("attribute-edit")
    with av.open(str(path)) as video:
        assert len([*video.decode(video=0)]) == 1
        tags = {name.lower(): words for name, words in video.metadata.items()}
        assert tags["comment"] == comment
    if suffix not in (".mp4", ".m4v"):  # Matroska has no place for XMP, QuickTime another
        assert BOX not in path.read_bytes()
        return
    ((kind, words),) = noted(path)
    assert kind == "compositeWithTrainedAlgorithmicMedia" and "faces of nobody (else" in words


def noted(path):
    """What the XMP boxes of a video say."""
    boxes = top_boxes(path.read_bytes())
    return [said(found[16:]) for kind, found in boxes if kind == b"uuid" and found[:16] == BOX]


@pytest.mark.parametrize(
    ("ladder", "kind"),
    [
        ([Step.OTHER], "compositeWithTrainedAlgorithmicMedia"),
        ([Step.MASK], "algorithmicallyEnhanced"),
    ],
)
def test_a_video_says_what_became_of_its_faces(tmp_path, ladder, kind):
    """Nothing where nobody was hidden, and no new face where all were covered in the end."""
    method = replace(BLACK, name="attribute-edit")
    export = Export(tmp_path / "in", tmp_path / "out", method, 0, 1.0, False, None)
    record = Record(Fraction(1, 25), 1.0, None)
    assert export._box(record) == b""
    person = Person(0, "union")
    person.ladder = ladder
    record.people[person] = Appearance(0.0, 1.0, frames=0, shown=20)
    assert export._box(record) == b""
    record.people[person].frames = 20
    assert said(export._box(record)[24:])[0] == kind


def test_a_new_face_that_was_covered_after_all_is_not_called_one(portrait):
    scene = Scene(portrait)
    painter = Painter(replace(BLACK, name="attribute-edit"), 0)
    assert painter.note(scene) == b""  # nobody was replaced
    scene.spared = [Spared(FACE, "--skip-face")]
    assert painter.note(scene) == b""
    scene.add_box(FACE, "first")
    assert said(painter.note(scene))[0] == "compositeWithTrainedAlgorithmicMedia"
    scene.subjects[0].ladder = [Step.MASK, Step.BLACKOUT]
    assert said(painter.note(scene))[0] == "algorithmicallyEnhanced"


@pytest.fixture
def leave(portrait, tmp_path):
    """The file that leaves for the portrait with EXIF and an XMP of its own."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    path = tmp_path / "photo.jpg"
    Image.fromarray(portrait).save(path, exif=exif, xmp=b"<x>SecretPlace</x>", quality=95)

    def run(found, label=None, skipped=()):
        finder = Finder("first", lambda photo: found, DetectorName.MTCNN, skipped=skipped)
        verifier = Verifier(lambda photo: [], "second")
        release = Release(finder, None, Painter(BLACK, 0, label), verifier)
        release(Job(path, tmp_path / "out.jpg"), copy=True)
        return (tmp_path / "out.jpg").read_bytes()

    return run


def test_who_was_not_replaced_gets_neither_note_nor_label(leave, portrait):
    for data in (leave([], WORDS), leave([FACE], WORDS, [FACE])):
        assert b"Secret" not in data and xmp_of(data) is None
        pixels = np.asarray(Image.open(io.BytesIO(data)), int)
        assert np.abs(pixels - portrait)[480:, 350:].mean() < 3  # no words there
    data = leave([FACE])
    assert b"Secret" not in data and xmp_of(data) == note("blackout")


def test_the_label_is_in_the_file_and_hides_no_face(leave, portrait):
    plain, labelled = (
        np.asarray(Image.open(io.BytesIO(leave([FACE], label))), int) for label in (None, WORDS)
    )
    y, x = np.nonzero(np.abs(plain - labelled).max(-1) > 60)
    assert y.min() > 480 and x.min() > 350  # below, on the right
    assert labelled[y.min() : y.max(), x.min() : x.max()].max() > 240


@pytest.mark.parametrize(("width", "height"), [(120, 90), (178, 218), (640, 480), (3000, 900)])
@pytest.mark.parametrize("ground", [0, 255])
def test_the_label_can_be_read_on_any_photo(width, height, ground):
    photo = Photo(
        np.full((height, width, 3), ground, np.uint8), np.zeros((height, width), np.uint8)
    )
    done = WORDS.on(photo, [])
    written = done.alpha == 255  # it shows where the photo is transparent
    y, x = np.nonzero(written)
    assert y.max() == height - 1 and x.max() == width - 1  # in the corner
    assert 0.015 <= (y.max() - y.min()) / min(width, height) < 0.2
    there = done.pixels[y.min() :, x.min() :]
    assert there.max() > 220 and np.median(there) < 100
    np.testing.assert_array_equal(done.pixels[~written], ground)


def test_the_label_keeps_clear_of_faces():
    photo = Photo(np.zeros((300, 400, 3), np.uint8))
    below = [(300, 200, 400, 300), (0, 200, 100, 300)]
    y, x = np.nonzero(WORDS.on(photo, below).pixels[..., 0])
    assert y.max() < 30 and x.min() > 200
    y, x = np.nonzero(WORDS.on(photo, [*below, (350, 0, 400, 40)]).pixels[..., 0])
    assert y.max() < 30 and x.max() < 200


@pytest.mark.parametrize("text", [" ", "zwei\nZeilen", "синтетика", "\u200b"])
def test_words_that_cannot_be_written(text):
    with pytest.raises(ElsefaceError, match="label"):
        Label(text)


def test_a_photo_that_is_too_small_for_the_words_is_refused():
    with pytest.raises(ElsefaceError, match="too small for the label"):
        WORDS.on(Photo(np.zeros((20, 40, 3), np.uint8)), [])


def test_what_the_label_covers_is_verified_without_it(portrait):
    """A face that the second detector sees only where no words stand on it."""
    there = (380, 480, 512, 512)

    def second(photo):
        clean = np.array_equal(photo[490:], portrait[490:])
        return [there] if clean else []

    for label in (None, WORDS):
        scene = Scene(portrait)
        scene.add_box(FACE, "first")
        painter = Painter(BLACK, 0, label)
        verified(Photo(portrait), scene, painter, Verifier(second, "second"), "photo.png")
        assert [subject.found_by for subject in scene.subjects] == ["first", "second"]


def test_what_leaves_is_verified_with_the_label_on_it(portrait):
    seen = []

    def second(photo):
        seen.append(photo)
        return []

    scene = Scene(portrait)
    scene.add_box(FACE, "first")
    data = verified(Photo(portrait), scene, Painter(BLACK, 0, WORDS), Verifier(second, ""), "a.png")
    assert len(seen) == 2 and not np.array_equal(*seen)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), seen[-1])
