"""What the page lets people choose, and the anonymizer that does it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elseface.common.anonymizer import Anonymizer
from elseface.common.attributes import NAMES
from elseface.common.errors import ElsefaceError
from elseface.scripts.release.label import Label
from elseface.stage3_generate.attribute_edit import AttributeEdit
from elseface.stage3_generate.choices import MethodName
from elseface.stage3_generate.classic import load_obfuscation
from elseface.stage3_generate.edits import Edit
from pydantic import BaseModel, ConfigDict, Field

#: Methods in the order they are offered: (name, what people read).  mean-face wants a gallery.
METHODS = {
    MethodName.ATTRIBUTE_EDIT: ("New face", "Somebody who does not exist."),
    MethodName.BLUR: ("Blur", "A network that was trained to can undo blur in part."),
    MethodName.PIXELATE: ("Pixels", "A network that was trained to can undo squares in part."),
    MethodName.SWIRL: ("Swirl", "Whoever turns it back sees the face: a toy."),
    MethodName.BLACKOUT: ("Black", "Nothing of the face is left."),
    MethodName.INPAINT_TELEA: ("Fill in", "Nothing of the face is left; its surroundings fill it."),
    MethodName.MASK: ("Cartoon", "Only the mean colour of the skin is left."),
}

#: Lowest, default and highest strength; below the lowest, faces could be told at a glance.
STRENGTHS = {
    MethodName.BLUR: (0.15, 0.2, 0.6),
    MethodName.PIXELATE: (0.2, 0.25, 0.8),
    MethodName.SWIRL: (4.0, 6.0, 12.0),
}

#: Attributes offered first: what lies in the face itself and people ask for.
COMMON = (
    "Smiling", "Young", "Eyeglasses", "Male", "Mouth_Slightly_Open", "Heavy_Makeup", "Big_Nose",
    "Mustache",
)  # fmt: skip


class Settings(BaseModel):
    """How faces are replaced.

    Attributes
    ----------
    method : one of :data:`METHODS`
    strength : within :data:`STRENGTHS`; None for the default, and for methods without one
    edit : attributes of new faces, as :meth:`Edit.parse` reads them
    label : words that are written on photos with new faces, and on the camera's; "" for none
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    method: MethodName = MethodName.ATTRIBUTE_EDIT
    strength: float | None = None
    edit: str = Field("", max_length=1000)
    label: str = Field("", max_length=60)

    @property
    def words(self) -> Label | None:
        """The label; :class:`ElsefaceError` where it has a letter that cannot be written."""
        return Label(self.label) if self.label else None

    def checked(self) -> Settings:
        """Itself.

        Raises
        ------
        ElsefaceError
            When something is not offered or cannot be written, or attributes exclude each other.
        """
        if self.method not in METHODS:
            raise ElsefaceError(f"{self.method} is not offered here; use the command line")
        if self.strength is not None:
            lowest, _, highest = STRENGTHS.get(self.method, (0, 0, -1))
            if not lowest <= self.strength <= highest:
                raise ElsefaceError(f"{self.method} does not go with strength {self.strength:g}")
        Edit.parse(self.edit)
        if self.label:
            Label(self.label)
        return self


def anonymizer_for(ours: AttributeEdit, settings: Settings) -> Anonymizer:
    """What does it; of the three-stage anonymizer the loaded networks are taken over."""
    if settings.method is MethodName.ATTRIBUTE_EDIT:
        return replace(ours, edit=Edit.parse(settings.edit))
    return load_obfuscation(settings.method, settings.strength)


def offers() -> dict[str, Any]:
    """Everything the page needs to draw its controls."""
    return {
        "methods": [
            {"name": method, "label": label, "note": note, "strength": STRENGTHS.get(method)}
            for method, (label, note) in METHODS.items()
        ],
        "common": COMMON,
        "more": [name for name in NAMES if name not in COMMON],
    }
