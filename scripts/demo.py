"""``elseface demo``: the main job on six synthetic portraits."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from elseface.scripts.console import explained, silent_start


@explained
def command(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder.")] = Path("elseface-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Another number, other faces.")] = 0,
    edit: Annotated[str, typer.Option(help='Attributes to set, such as "+Smiling".')] = "",
) -> None:
    """Anonymize six people who do not exist and write them before, above, and after, below."""
    import numpy as np

    with silent_start():
        from elseface.common.photo import Photo, read_photo, write_photo
        from elseface.scripts.release.note import note
        from elseface.stage1_disentangle.faces import find_faces
        from elseface.stage3_generate.load import load_attribute_edit

        anonymizer = load_attribute_edit(edit=edit)
    # Portraits that were kept from training, CC0.
    with resources.as_file(resources.files("elseface.scripts") / "people.jpg") as path:
        original = read_photo(path).pixels
    result = anonymizer.anonymize(original, find_faces(original), seed)
    write_photo(output / "original.jpg", Photo(original))
    xmp = note(anonymizer.name)
    write_photo(output / "anonymized.jpg", Photo(result.pixels), xmp)
    both = output / "before-and-after.jpg"
    write_photo(both, Photo(np.vstack([original, result.pixels])), xmp)
    print(f"{len(result.changes)} faces replaced: see {both}")
