"""What the private report says of a photo; it holds landmarks and attributes of the originals."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from elseface.common.anonymizer import Disguise
from elseface.common.attributes import named
from elseface.scripts.release.painter import TRACELESS
from elseface.scripts.release.recognition import THRESHOLD, chance_level, false_accept
from elseface.scripts.release.scene import Scene, Step, Subject
from elseface.stage3_generate.policies import Ppas, closeness

#: What is laid over a face where what was asked for does not do, as people call it.
COVERS = {Step.PIXELATE: "pixels", Step.MASK: "a mask", Step.BLACKOUT: "black"}


def describe(scene: Scene) -> dict[str, Any]:
    """The faces that were replaced and those that were left."""
    count = len(scene.subjects)
    return {
        "faces": [_face(subject, count) for subject in scene.subjects],
        "spared": [asdict(face) for face in scene.spared],
    }


def less_than_asked(record: dict[str, Any]) -> str:
    """What is to be said of a photo in which faces got less natural a cover than was asked for;
    nothing where none did."""
    method, steps = record.get("method", ""), [face["outcome"] for face in record["faces"]]
    less = [step for step in steps if cover_in_place(step, method)]
    words = " and ".join(word for step, word in COVERS.items() if step in less)
    some = f"{len(less)} of {len(steps)} faces got {words}"
    return words and f"{record['photo']}: {some}: nothing else could be drawn or verified there"


def cover_in_place(step: Step, method: str) -> str:
    """The cover that was laid over a face in place of what the method does, by name; nothing where
    none was, or where the method is that, or leaves nothing of a face either."""
    return "" if step == method or method in TRACELESS else COVERS.get(step, "")


def released(
    policy: Ppas, keep: Collection[int], records: Iterable[dict[str, Any]]
) -> dict[str, float | None]:
    """What ppas can say of the attributes it let out: t of t-closeness; and epsilon, which bounds
    nothing where flips are limited or the old face decided which draw was taken."""
    values, bounded = [], policy.max_flips is None
    for face in (face for record in records for face in record["faces"]):
        if face["outcome"] in (Step.ASKED, Step.OTHER):
            values.append(np.array([*face["attributes_after"].values()]))
        if face["distance"] is not None or face["tried"][1:]:
            bounded = False
    return {
        "t": closeness(values, policy.population, policy.drawn(keep)) if values else None,
        "epsilon": policy.epsilon if bounded else None,
    }


def disguised(new: Disguise | None) -> dict[str, Any]:
    """Attributes before and after of a face that became somebody; of another nothing."""
    return {
        "attributes_before": named(new.before) if new else {},
        "attributes_after": named(new.after) if new else {},
    }


def _face(subject: Subject, count: int) -> dict[str, Any]:
    face, last = subject.face, subject.attempt
    return {
        "box": list(face.box),
        "landmarks": face.landmarks.round(1).tolist(),
        "landmarks_fit": subject.fits,
        "found_by": subject.found_by,
        **disguised(subject.disguise),
        "distance": subject.distance,
        "outcome": subject.step,
        "verified": last is not None and last.passed,
        "distance_before": subject.before if last else None,
        "distance_after": last.distance if last else None,
        "threshold": THRESHOLD,
        "false_accept_rate": false_accept(face.box),
        "chance_level": chance_level(face.box, count),
        "tried": [asdict(attempt) for attempt in [*subject.tried, *([last] if last else [])]],
    }
