"""``elseface train cells``; as a script its options are the same."""

from __future__ import annotations

import typer
from elseface.scripts.console import explained, progress
from elseface.scripts.train_options import (
    CacheOption,
    CelebaOption,
    Count,
    RunOption,
    training_cache,
)


@explained
def command(
    celeba: CelebaOption,
    run: RunOption,
    cache: CacheOption = None,
    faces: Count = 3000,
    count: Count = 32,
    seed: int = 0,
) -> None:
    """The average faces by which a key knows people again: k-means of dlib's descriptors."""
    import numpy as np
    from elseface.common import weights
    from elseface.common.celeba import TRAIN
    from elseface.common.errors import ElsefaceError
    from elseface.stage1_disentangle.descriptor import embed_crop
    from sklearn.cluster import KMeans

    data = training_cache(celeba, run, cache)
    rows = np.random.default_rng(seed).permutation(data.split(TRAIN))[:faces]
    if len(rows) < 2 * count:
        raise ElsefaceError(
            f"{celeba}: {len(rows)} training faces are too few for {count} averages"
        )
    with progress(data[rows], len(rows), "cells") as tracked:
        found = [embed_crop(row["crop"], row["landmarks"]) for row in tracked]
    means = KMeans(count, n_init=5, random_state=seed).fit(np.stack(found))
    sizes = np.bincount(means.labels_)
    if sizes.min() < 2:
        raise ElsefaceError(f"one of {count} averages is of one face alone; ask for fewer")
    facts = {"faces": len(rows), "smallest": int(sizes.min()), "seed": seed}
    weights.save(run / "weights", "cells", {"centres": means.cluster_centers_}, facts)


if __name__ == "__main__":
    typer.run(command)
