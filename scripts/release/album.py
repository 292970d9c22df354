"""Who is who in an album, before a photo of it is done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from elseface.common.files import Job
from elseface.common.photo import read_photo
from elseface.scripts.console import progress
from elseface.scripts.release.finder import Finder
from elseface.stage1_disentangle.descriptor import embed
from elseface.stage1_disentangle.fit import fits
from elseface.stage3_generate.keyed import MANY, Keyed


def introduce(jobs: Sequence[Job], finder: Finder, casting: Keyed) -> None:
    """Let the holder of the key see every face of the photos, or the first of very many.

    What is wrong with a photo is said when its turn comes.
    """
    met: list[np.ndarray] = []
    with progress(jobs, len(jobs), "who is who") as tracked:
        for job in tracked:
            if len(met) >= MANY:
                break
            try:
                photo = read_photo(job.source).pixels
                faces = finder.find(job.source, photo)
            except Exception:
                continue
            met += [embed(photo, face) for face, _ in faces if fits(photo, face)]
    if met:
        casting.introduce(np.stack(met))
