"""``elseface demo``: the main job on a public-domain portrait."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from elseface.scripts.console import explained, silent_start


@explained
def command(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder.")] = Path("elseface-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Another number, another face.")] = 0,
    edit: Annotated[
        str, typer.Option(help="Attributes to set; our attribute network takes her for a man.")
    ] = "-Male",
) -> None:
    """Anonymize NASA's portrait of Eileen Collins and write before and after side by side."""
    import numpy as np
    from skimage.data import astronaut

    with silent_start():
        from elseface.common.photo import Photo, write_photo
        from elseface.scripts.release.note import note
        from elseface.stage1_disentangle.faces import find_faces
        from elseface.stage3_generate.load import load_attribute_edit

        anonymizer = load_attribute_edit(edit=edit)
    original = astronaut()
    result = anonymizer.anonymize(original, find_faces(original), seed)
    write_photo(output / "original.png", Photo(original))
    xmp = note(anonymizer.name)
    write_photo(output / "anonymized.png", Photo(result.pixels), xmp)
    write_photo(output / "side-by-side.png", Photo(np.hstack([original, result.pixels])), xmp)
    print(f"{len(result.changes)} face replaced: see {output / 'side-by-side.png'}")
