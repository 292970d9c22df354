"""Which track a face belongs to, of those that expect one near it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from elseface.scripts.footage.smoothing import Sighting
from elseface.scripts.footage.tracks import SAME, Track, apart
from scipy.optimize import linear_sum_assignment

#: A found face is a lost one if it lies this near to where that is expected, over its radius; one
#: farther away may be somebody else, while the lost one is still there.
NEAR = 2.0
#: What no assignment chooses while there is another.
FAR = 1e6


def matched(found: Sequence[Sighting], live: Sequence[Track], now: int) -> dict[int, Track]:
    """By their number, the faces found in frame `now` that are expected, each with its track, so
    that all lie as near as can be (Kuhn, 1955)."""
    places = [t.seen[now].landmarks if now in t.seen else t.expected(now) for t in live]
    cost = np.array([[apart(s.landmarks, place) for place in places] for s in found])
    cost = cost.reshape(len(found), len(live))
    gates = np.array([SAME if t.last_sure == now else NEAR for t in live])
    pairs = linear_sum_assignment(np.where(cost < gates, cost, FAR))
    return {s: live[t] for s, t in zip(*pairs) if cost[s, t] < gates[t]}


def mistaken(live: Sequence[Track], now: int) -> list[Track]:
    """Of two tracks that saw the same face in frame `now`, the one that expected it less."""
    sure = [track for track in live if track.last_sure == now]
    surprise = {t: apart(t.seen[now].landmarks, _before(t, now)) for t in sure}
    right: list[Track] = []
    wrong: list[Track] = []
    for track in sorted(sure, key=surprise.__getitem__):
        here = track.seen[now].landmarks
        twice = any(apart(here, other.seen[now].landmarks) < SAME for other in right)
        (wrong if twice else right).append(track)
    return wrong


def _before(track: Track, now: int) -> np.ndarray:
    return track.seen[max((f for f in track.seen if f < now), default=now)].landmarks
