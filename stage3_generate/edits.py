"""Attribute edits, and what keeps a set of attributes coherent."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from elseface.common.attributes import BEARD, EXCLUSIVE, NAMES, index, indices
from elseface.common.errors import ElsefaceError

#: What goes with an edit in photos: without it a smile is hardly seen, a man's beard stays on a
#: woman, and of 24 validation faces whose make-up was taken away the shipped attribute network saw
#: it in all (with the lipstick taken too, in 9).
FOLLOWERS: dict[str, str] = {
    "+Smiling": "+High_Cheekbones,+Mouth_Slightly_Open",
    "-Smiling": "-High_Cheekbones,-Mouth_Slightly_Open",
    "+Heavy_Makeup": "+Wearing_Lipstick",
    "-Heavy_Makeup": "-Wearing_Lipstick",
    "+Male": "-Heavy_Makeup",
    "-Male": "+No_Beard",
}


@dataclass(frozen=True)
class Edit:
    """Attributes to set, by index: present or absent."""

    present: frozenset[int] = frozenset()
    absent: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Edit:
        """Read ``"+Smiling,-Young"``.

        Raises
        ------
        ElsefaceError
            When an item has no sign, names no attribute, or contradicts another.
        """
        items = [item for item in re.split(r"[,\s]+", text) if item]
        for item in items:
            if item[0] not in "+-":
                raise ElsefaceError(f"edit {item!r} needs a sign: +{item} or -{item}")
        edit = cls(
            frozenset(index(item[1:]) for item in items if item[0] == "+"),
            frozenset(index(item[1:]) for item in items if item[0] == "-"),
        )
        if edit.present & edit.absent:
            raise ElsefaceError(f"edit {text!r} sets one attribute both present and absent")
        for group in (*EXCLUSIVE, *(("No_Beard", beard) for beard in BEARD)):
            both = [name for name in group if index(name) in edit.present]
            if len(both) > 1:
                raise ElsefaceError(f"edit {text!r}: {both[0]} and {both[1]} exclude each other")
        return edit

    def apply(self, values: np.ndarray, keep: Collection[int] = ()) -> np.ndarray:
        """Attribute values (40,) with the edit in force and the rest made to agree with it; those
        in `keep` stay."""
        edited, whole = values.copy(), self.with_followers(keep)
        edited[list(whole.present)] = 1
        edited[list(whole.absent)] = 0
        return cohere(edited, self.present | self.absent | set(keep))

    def with_followers(self, keep: Collection[int] = ()) -> Edit:
        """The edit with what goes along, and with that; not with what it names or what is in
        `keep`."""
        signed = [f"+{NAMES[i]}" for i in self.present] + [f"-{NAMES[i]}" for i in self.absent]
        new = Edit.parse(",".join(FOLLOWERS.get(name, "") for name in signed))
        settled = self.present | self.absent | set(keep)
        present, absent = new.present - settled, new.absent - settled
        if not present | absent:
            return self
        return Edit(self.present | present, self.absent | absent).with_followers(keep)


def cohere(values: np.ndarray, fixed: Collection[int]) -> np.ndarray:
    """Take away what excludes each other; `fixed` attributes are not touched.

    Of an exclusive group the fixed present attribute stays, or else the likeliest one.  Beards
    follow No_Beard where it is fixed; where it is not, the likelier of the two stays.
    """
    values = values.copy()
    for group in EXCLUSIVE:
        members = indices(group)
        present = [i for i in members if values[i] >= 0.5]
        if len(present) > 1:
            kept = max(present, key=lambda i: (i in fixed, values[i]))
            values[[i for i in present if i != kept and i not in fixed]] = 0
    no_beard, beards = index("No_Beard"), indices(BEARD)
    if no_beard in fixed:
        if values[no_beard] >= 0.5:
            values[[i for i in beards if i not in fixed]] = 0
    elif values[beards].max() >= 0.5:
        fixed_beard = any(i in fixed and values[i] >= 0.5 for i in beards)
        if fixed_beard or values[beards].max() > values[no_beard]:
            values[no_beard] = 0
        else:
            values[[i for i in beards if i not in fixed]] = 0
    return values
