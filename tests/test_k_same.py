"""A face becomes the mean of others."""

import numpy as np
import pytest
from elseface.common.errors import ElsefaceError
from elseface.stage1_disentangle.faces import find_faces
from elseface.stage1_disentangle.mask import photo_ellipse
from elseface.stage3_generate.k_same import SIZE, MeanFace, load_mean_face
from PIL import Image
from test_cli import call, complaints, run


def test_the_nearest_are_averaged(portrait):
    """Ten galleries of grey, of which the three nearest to the face's own brightness count."""
    (face,) = find_faces(portrait)
    photo = portrait.copy()
    everything = (slice(0, None), slice(0, None))
    under = photo_ellipse(face, everything).draw(*photo.shape[:2]) == 1
    photo[under] = 100
    greys = np.array([90, 96, 105, 20, 180, 240, 60, 130, 150, 200], np.uint8)
    gallery = np.broadcast_to(greys[:, None, None, None], (10, SIZE, SIZE, 3))
    chosen = MeanFace(gallery, k=3)._nearest(face.alignment.crop(photo, SIZE), np.ones((SIZE,) * 2))
    assert sorted(chosen[:, 0, 0, 0]) == [90, 96, 105]


def test_no_pixel_of_the_face_is_left_and_none_around_it_changes(portrait, random):
    (face,) = find_faces(portrait)
    noise = random.integers(0, 256, (12, SIZE, SIZE, 3), dtype=np.uint8)
    method = MeanFace(noise, k=12)  # all of them, whoever it was
    everything = (slice(0, None), slice(0, None))
    under = photo_ellipse(face, everything).draw(*portrait.shape[:2]) == 1
    other = portrait.copy()
    other[under] = 255 - other[under]
    results = [method.anonymize(photo, [face], 0).pixels for photo in (portrait, other)]
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][~under], portrait[~under])
    assert (results[0][under] != portrait[under]).any()


def test_gallery_of_too_few_is_refused(tmp_path, portrait):
    Image.fromarray(portrait).save(tmp_path / "one.png")
    with pytest.raises(ElsefaceError, match="shows 1 faces; give 10"):
        load_mean_face([tmp_path / "one.png"])


def test_command_line(tmp_path, portrait):
    (tmp_path / "gallery").mkdir()
    for i in range(10):
        picture = Image.fromarray(np.roll(portrait, 3 * i, 1) // 2 + 5 * i)
        picture.save(tmp_path / f"gallery/{i}.png")
    Image.fromarray(portrait).save(tmp_path / "me.png")
    arguments = ["anonymize", tmp_path / "me.png", "-o", tmp_path / "out", "--method", "mean-face"]
    assert "go together" in complaints(call(*arguments))[0]
    done = run(*arguments, "--gallery", tmp_path / "gallery")
    (line,) = done.stderr.splitlines()  # nor does TensorFlow speak
    assert done.returncode == 0 and "1 of 1 faces got a mask" in line  # the others are the same one
    assert (np.asarray(Image.open(tmp_path / "out/me.png")) != portrait).any()
