"""The 40 CelebA attributes: their names, which exclude each other, which are protected.

An attribute vector is an array of shape (40,) in the order of :data:`NAMES`: bits (0 or 1) or
probabilities in [0, 1].  Source: Liu et al., ICCV 2015 (CelebA).
"""

from __future__ import annotations

from collections.abc import Iterable

from elseface.common.errors import ElsefaceError

NAMES: tuple[str, ...] = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs",
    "Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair",
    "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair",
    "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes",
    "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks",
    "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat",
    "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip

COUNT = len(NAMES)

#: At most one attribute of a group is present.
EXCLUSIVE: tuple[tuple[str, ...], ...] = (
    ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald"),
    ("Straight_Hair", "Wavy_Hair", "Bald"),
    ("Bangs", "Receding_Hairline"),
    ("Bangs", "Bald"),
)

#: No_Beard is never present beside one of these.
BEARD: tuple[str, ...] = ("5_o_Clock_Shadow", "Goatee", "Mustache", "Sideburns")

#: Gender and what hangs on it.  Editing these changes who the picture speaks about, not only who
#: it shows, so every policy leaves them alone unless an edit names them.
PROTECTED: tuple[str, ...] = (
    "Male", "5_o_Clock_Shadow", "Goatee", "Mustache", "No_Beard", "Sideburns",
    "Heavy_Makeup", "Rosy_Cheeks", "Wearing_Lipstick", "Wearing_Earrings", "Wearing_Necklace",
    "Wearing_Necktie",
)  # fmt: skip

#: Seen outside the ellipse too, in pixels that are copied (of glasses, the temples): an edit
#: cannot take full effect.
CONTEXT: tuple[str, ...] = (
    "Bald", "Bangs", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Eyeglasses",
    "Gray_Hair", "Receding_Hairline", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings",
    "Wearing_Hat", "Wearing_Necklace", "Wearing_Necktie",
)  # fmt: skip

#: Carried by the landmarks too: a new face keeps the expression of the old one.
EXPRESSION: tuple[str, ...] = ("Smiling", "Mouth_Slightly_Open", "High_Cheekbones", "Narrow_Eyes")


def index(name: str) -> int:
    """The position of `name` in :data:`NAMES`.

    Raises
    ------
    ElsefaceError
        When there is no such attribute.
    """
    try:
        return NAMES.index(name)
    except ValueError:
        near = [n for n in NAMES if name and name.lower().strip("+-") in n.lower()]
        hint = f"did you mean {near[0]}?" if near else f"choose from: {', '.join(NAMES)}"
        raise ElsefaceError(f"there is no attribute {name!r}; {hint}") from None


def indices(names: Iterable[str]) -> list[int]:
    """The positions of several attributes, in the order given."""
    return [index(name) for name in names]


def named(values: Iterable[float]) -> dict[str, float]:
    """An attribute vector (40,) as a record: name to value, rounded."""
    return {name: round(float(value), 4) for name, value in zip(NAMES, values)}
