"""From what was found out about a method's pictures to its figures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from elseface.common.attributes import NAMES, PROTECTED, index, indices
from elseface.scripts.evaluation import privacy
from elseface.scripts.evaluation.examine import MEASURES, Examined
from elseface.scripts.evaluation.paired import BY_PERSON, tally
from elseface.scripts.evaluation.people import People
from elseface.scripts.evaluation.quality import frechet
from elseface.scripts.evaluation.utility import protected_kept

#: Whom a method may serve worse than others.
GROUPS = ("Male", "Young", "Pale_Skin", "Eyeglasses", "No_Beard", "Heavy_Makeup", "Gray_Hair")
EXPRESSION = [index("Smiling"), index("Mouth_Slightly_Open")]

Hits = Callable[[np.ndarray], np.ndarray]


def hit(of: Iterable[np.ndarray], hits: Hits, missed: np.ndarray) -> np.ndarray:
    """What was hit (n,) in the worse of the attacker's ways; see :func:`attack`."""
    return max((np.where(missed, 1.0, hits(vectors)) for vectors in of), key=np.nanmean)


def attack(of: Iterable[np.ndarray], hits: Hits, people: People, missed: np.ndarray) -> dict:
    """One attack's figures: the worse of the attacker's ways to cut the face out.

    Parameters
    ----------
    of : embeddings (n, d), one array for each way
    hits : embeddings to what was hit (n,), 0 to 1, or not a number where there is nothing to hit
    missed : ndarray of shape (n,), bool, faces that count as hit
    """
    worst = hit(of, hits, missed)
    can = np.isfinite(worst)
    figures = privacy.with_interval(worst, people.identity)
    per_person = {
        people.names[i]: float(worst[can & (people.identity == i)].mean())
        for i in np.unique(people.identity[can])
    }
    name = max(per_person, key=per_person.__getitem__)
    figures["worst identity"] = {"name": name, "mean": per_person[name]}
    figures[BY_PERSON] = tally(worst, people.identity)
    if people.attributes is not None:
        figures["by attribute"] = {
            group: {
                word: float(worst[can & (people.attributes[:, index(group)] == bit)].mean())
                for word, bit in (("with", 1), ("without", 0))
                if (can & (people.attributes[:, index(group)] == bit)).any()
            }
            for group in GROUPS
        }
    return figures


def grouped(people: People) -> dict[str, Any]:
    """How many labelled pictures, and of how many people, show each of GROUPS or not."""
    has = {group: people.attributes[:, index(group)] == 1 for group in GROUPS}
    return {
        group: {"with": _counted(people, rows), "without": _counted(people, ~rows)}
        for group, rows in has.items()
    }


def _counted(people: People, rows: np.ndarray) -> dict[str, int]:
    return {"pictures": int(rows.sum()), "people": len(np.unique(people.identity[rows]))}


def least(missed: np.ndarray, identity: np.ndarray) -> float:
    """What any attack scores at least, where the faces `missed` (n,) count as recognised."""
    _, who, counts = np.unique(identity, return_inverse=True, return_counts=True)
    can = counts[who] > 1  # most attacks need another picture of the person
    return float(min(missed.mean(), missed[can].mean())) if can.any() else 0.0


def untrained(
    embeddings: tuple[np.ndarray, np.ndarray],
    clean: np.ndarray,
    people: People,
    missed: np.ndarray,
    wanted: Iterable[str],
) -> dict[str, Any]:
    """Naive, parrot and linkage attacks by one recognizer."""
    who = people.identity
    figures: dict[str, Any] = {}
    if "naive" in wanted:
        figures |= against_clean(embeddings, clean, people, missed)
    if "parrot" in wanted:
        figures[privacy.PARROT] = attack(
            embeddings, lambda v: privacy.rank1(v, v, who), people, missed
        )
    if "linkage" in wanted:
        figures |= linked("linkage", embeddings, people, missed)
    return figures


def against_clean(
    embeddings: Iterable[np.ndarray],
    clean: np.ndarray,
    people: People,
    missed: np.ndarray,
    restored: str = "",
) -> dict[str, Any]:
    """What is found among clean pictures: rank-1, and what a threshold lets in, told from pairs of
    clean ones; `restored` is the word before the scores of faces that were."""
    who, seen = people.identity, np.isfinite(clean).all(1)
    limits = dict(zip(privacy.FALSE_ACCEPTS, privacy.accept_thresholds(clean[seen], who[seen])))
    ways, word = list(embeddings), restored or privacy.NAIVE.split()[0]

    def of(hits: Hits) -> dict:
        return attack(ways, hits, people, missed)

    strict = limits[privacy.FALSE_ACCEPTS[0]]
    figures = {
        f"{word} rank-1": of(lambda v: privacy.rank1(v, clean, who)),
        f"{restored} {privacy.SELF_MATCH}".strip(): of(
            lambda v: privacy.self_match(v, clean, strict)
        ),
    }
    for rate, limit in limits.items():
        figures[f"{word} TAR at FAR {rate:g}"] = of(
            lambda v, limit=limit: privacy.true_accepts(v, clean, who, limit)
        )
    return figures


def linked(
    name: str, embeddings: Iterable[np.ndarray], people: People, missed: np.ndarray
) -> dict[str, Any]:
    """How often two anonymized pictures of one person are taken for one's.  Strangers lie otherwise
    apart in those than in clean ones, so the threshold is told from them."""
    found, who = ~missed, people.identity
    embeddings = list(embeddings)

    def hits(v: np.ndarray, i: int) -> np.ndarray:
        limit = privacy.accept_thresholds(v[found], who[found])[i]
        return privacy.true_accepts(v, v, who, limit)

    return {
        f"{name} TAR at FAR {rate:g}": attack(
            embeddings, functools.partial(hits, i=i), people, missed
        )
        for i, rate in enumerate(privacy.FALSE_ACCEPTS)
    }


def curve(
    of: Iterable[np.ndarray], clean: np.ndarray, people: People, missed: np.ndarray
) -> list[list[float]]:
    """The naive attack's receiver operating characteristic: pairs of false and true accepts, as
    :func:`attack` counts them."""
    who, seen = people.identity, np.isfinite(clean).all(1)
    rates = np.logspace(-4, 0, 25)
    limits = privacy.accept_thresholds(clean[seen], who[seen], rates)
    ways = [
        [np.nanmean(np.where(missed, 1, privacy.true_accepts(probe, clean, who, limit)))
         for limit in limits]
        for probe in of
    ]  # fmt: skip
    return np.stack([rates, np.max(ways, 0)], axis=1).tolist()


def usefulness(seen: Examined, clean: Examined) -> dict[str, Any]:
    """What the pictures are still good for, over those in which a face was found."""
    found = ~seen.missed
    figures: dict[str, Any] = {
        name: float(seen.measures[found, i].mean()) for i, name in enumerate(MEASURES)
    }
    before, after = clean.attributes[found] >= 0.5, seen.attributes[found] >= 0.5
    figures["expression kept"] = float((before == after)[:, EXPRESSION].mean())
    figures["protected kept"] = protected_kept(before, after)["mean"]
    asked = seen.asked[found]
    if np.isfinite(asked).any():
        shown = np.where(np.isfinite(asked), asked == after, np.nan)
        figures["edits asked"] = float(np.isfinite(asked).sum(1).mean())
        figures["edits shown"] = float(np.nanmean(shown))
    figures["missed by the pipeline"] = float(seen.missed.mean())
    figures["seconds an image"] = float(seen.seconds.mean())
    figures["seconds a face"] = float(seen.seconds.sum() / max(1, seen.faces.sum()))
    return figures


def doubt(seen: Examined, clean: Examined, people: People) -> dict[str, list[float]]:
    """The 95 % intervals over people of what :func:`usefulness` says of faces: its MEASURES, what
    is kept, and how many edits are shown."""
    before, after = clean.attributes >= 0.5, seen.attributes >= 0.5
    kept = (before == after).astype(float)
    values = dict(zip(MEASURES, seen.measures.T))
    values["expression kept"] = kept[:, EXPRESSION]
    values["protected kept"] = kept[:, indices(PROTECTED)]
    if np.isfinite(seen.asked[~seen.missed]).any():
        values["edits shown"] = np.where(np.isfinite(seen.asked), seen.asked == after, np.nan)
    found, who = ~seen.missed, people.identity[~seen.missed]
    return {name: privacy.bootstrap(of[found], who) for name, of in values.items()}


def realism(seen: Examined, clean: Examined) -> dict[str, float]:
    """Frechet distance to the clean pictures on the embeddings of each recognizer."""
    return likeness(seen.embeddings, clean.embeddings, ~seen.missed & ~clean.missed)


def likeness(
    of: Mapping[str, Sequence[np.ndarray]],
    clean: Mapping[str, Sequence[np.ndarray]],
    found: np.ndarray,
) -> dict[str, float]:
    """As :func:`realism`, of embeddings (n, d) of all pictures by recognizer; `found` (n,) says
    which of them count."""
    return {
        f"Frechet distance, {name}": frechet(clean[name][0][found], both[0][found])
        for name, both in of.items()
        if found.sum() > 1
    }


def edit_shares(seen: Examined) -> dict[str, float]:
    """Of each attribute that was asked to change, how often the classifier sees it as asked."""
    shown = np.where(np.isfinite(seen.asked), seen.asked == (seen.attributes >= 0.5), np.nan)
    asked = np.isfinite(seen.asked).any(0)
    return {NAMES[i]: float(np.nanmean(shown[:, i])) for i in np.flatnonzero(asked)}
