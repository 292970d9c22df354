"""The options that choose an anonymizer, and the anonymizer they choose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.common.anonymizer import Anonymizer

Method = Annotated[MethodName, typer.Option(help="New faces, or a classic method to compare with.")]
Strength = Annotated[
    float | None, typer.Option(help="Of blur, pixelate and swirl.", show_default=False)
]
Gallery = Annotated[
    Path | None, typer.Option(help="Of mean-face: photos of others.", show_default=False)
]
Policy = Annotated[PolicyName, typer.Option(help="How attributes change.")]
Shape = Annotated[
    ShapeName, typer.Option(help="Face shape: a new one, the mean, or the person's own.")
]
Edit = Annotated[str, typer.Option(help='Attributes to set: "+Smiling,-Young".')]
Keep = Annotated[str, typer.Option(help="Attributes to protect besides gender's, by comma.")]
MaxFlips = Annotated[
    int | None, typer.Option(min=0, help="ppas: change at most this many attributes.")
]
Epsilon = Annotated[
    float,
    typer.Option(
        min=0,
        max=500,
        help="ppas: privacy budget of the attributes alone; hide the seed, and take --shape mean.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Another number, other faces.")]
Key = Annotated[
    Path | None,
    typer.Option(help="File of 32 secret bytes or more: each person gets one new face."),
]
KeepPerson = Annotated[
    Path | None,
    typer.Option(help="Folder of pictures, one face each, of people who agreed to be seen."),
]
Detector = Annotated[
    str,
    typer.Option(
        metavar=f"{'|'.join(DetectorName)}|PACKAGE.MODULE:FUNCTION",
        help="Finds the faces; another one verifies.",
    ),
]
Verify = Annotated[
    bool, typer.Option(help="Read results back and redo faces until none is missed or recognised.")
]
Report = Annotated[
    Path | None, typer.Option(help="Write what was done, as JSON; private: of the old faces too.")
]
Certificate = Annotated[
    Path | None, typer.Option(help="Write what was verified, to pass on; see check.")
]
Weights = Annotated[
    Path | None, typer.Option(help="Weights of your own training.", show_default=False)
]


@dataclass(frozen=True)
class EditOptions:
    """What :func:`~elseface.stage3_generate.load.load_attribute_edit` is given, by its names."""

    policy: PolicyName
    shape: ShapeName
    edit: str = ""
    keep: Sequence[str] = ()
    max_flips: int | None = None
    epsilon: float = 0.0


def check_number(option: str, value: float) -> None:
    """:class:`ElsefaceError` if it is nan, which with earlier typer lies within any bounds."""
    if math.isnan(value):
        raise ElsefaceError(f"{option} nan: give a number")


def load_anonymizer(
    method: MethodName,
    strength: float | None,
    gallery: Path | None,
    weights: Path | None,
    options: EditOptions,
    key: Path | None = None,
    film: bool = False,
) -> Anonymizer:
    """The anonymizer of a command's options, for photos or for a `film`.

    Raises
    ------
    ElsefaceError
        When they do not go together, before anything heavy is loaded.
    """
    check_number("--epsilon", options.epsilon)
    ours = method is MethodName.ATTRIBUTE_EDIT
    asked = {
        "--edit": options.edit, "--keep": options.keep, "--epsilon": options.epsilon,
        "--max-flips": options.max_flips is not None, "--key": key, "--weights": weights,
    }  # fmt: skip
    if not ours and (wrong := [name for name, given in asked.items() if given]):
        raise ElsefaceError(f"--method {method} takes no {' or '.join(wrong)}")
    if (gallery is None) == (method is MethodName.MEAN_FACE):
        raise ElsefaceError("--method mean-face and --gallery, photos of others, go together")
    if strength is not None and (ours or gallery):
        raise ElsefaceError("--strength goes with blur, pixelate and swirl")
    if gallery:
        from elseface.stage3_generate.k_same import load_mean_face

        return load_mean_face(path for path, _ in list_photos([gallery]))
    if not ours:
        from elseface.stage3_generate.classic import load_obfuscation

        return load_obfuscation(method, strength)
    from elseface.common.weights import PACKAGED
    from elseface.stage3_generate.load import load_attribute_edit

    return load_attribute_edit(**asdict(options), folder=weights or PACKAGED, key=key, film=film)
