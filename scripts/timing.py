"""Where the time goes for a 640x480 photo, or video, with one face, as ratios to detection.

    python -m elseface.scripts.timing

Everything runs warm in one process; ratios of medians travel between machines, seconds do not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Annotated

import cv2
import numpy as np
import typer
from elseface.scripts.footage.frame import Frame
from elseface.scripts.footage.protection import protect
from elseface.scripts.footage.tracking import FINE, Tracker
from elseface.stage1_disentangle.detection import detect
from elseface.stage1_disentangle.faces import face_in_box, find_faces
from elseface.stage1_disentangle.factors import (
    disentangle,
    estimate_attributes,
    masked_context,
    outside_faces,
)
from elseface.stage3_generate.blending import match_colours, paste
from elseface.stage3_generate.load import load_attribute_edit
from rich.console import Console
from rich.table import Table
from skimage.data import astronaut

#: Length of the video.
FRAMES = 60


def main(rounds: Annotated[int, typer.Option(min=3)] = 20) -> None:
    """Print the table."""
    import dlib

    photo = cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_AREA)
    anonymizer = load_attribute_edit(film=True)
    decoder, classifier = anonymizer.decoder, anonymizer.classifier
    (face,) = find_faces(photo)
    attributes = estimate_attributes(photo, [face], classifier)
    (factors,) = disentangle(photo, [face], attributes, decoder.size)
    random = np.random.default_rng(0)
    texture = anonymizer.textures.somebody(factors.landmarks, random, decoder.size)
    (drawn,) = decoder.draw([factors], texture[None])
    plain = dlib.get_frontal_face_detector()
    steps: dict[str, Callable[[], object]] = {
        "dlib's detector alone, not upsampled": lambda: plain(photo, 0),
        "dlib's detector alone, upsampled": lambda: plain(photo, 1),
        "detection": lambda: detect(photo),
        "landmarks": lambda: face_in_box(photo, face.box),
        "masked context": lambda: masked_context(
            photo, outside_faces(photo, [face]), face, decoder.size
        ),
        "attributes": lambda: estimate_attributes(photo, [face], classifier),
        "new attributes and shape": lambda: anonymizer.put_on(
            factors, anonymizer.disguise(factors, (0, 0, 0))
        ),
        "texture": lambda: anonymizer.textures.somebody(factors.landmarks, random, decoder.size),
        "decoder": lambda: decoder.draw([factors], texture[None]),
        "colours and blending": lambda: paste(photo.copy(), face, match_colours(drawn, factors)),
        "all": lambda: anonymizer.anonymize(photo, find_faces(photo), 0),
    }
    seconds = {name: _median(step, rounds) for name, step in steps.items()}
    frames = [Frame(np.roll(photo, 2 * i, axis=1), i) for i in range(FRAMES)]

    def film() -> None:
        for _ in protect(frames, anonymizer, 0, FINE, [Tracker(FRAMES)]):
            pass

    seconds["a frame of video"] = _median(film, 3) / FRAMES
    table = Table("step", "ms", "over upsampled detection", "over plain detection")
    plain_s, upsampled = list(seconds.values())[:2]
    for name, took in seconds.items():
        ratios = f"{took / upsampled:.2f}", f"{took / plain_s:.2f}"
        table.add_row(name, f"{1e3 * took:.1f}", *ratios)
    Console().print(table)


def _median(step: Callable[[], object], rounds: int) -> float:
    took = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        step()
        took.append(time.perf_counter() - start)
    return statistics.median(took[2:])  # the first two warm up


if __name__ == "__main__":
    typer.run(main)
