"""``elseface video``: a video in, one without its faces out."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import check_extras, real_path
from elseface.common.output import write_whole
from elseface.scripts import loading
from elseface.scripts.anonymize import IfNoFace
from elseface.scripts.console import complain, explained, extra, progress, silent_start
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.common.anonymizer import Anonymizer
    from elseface.scripts.footage.reading import Clip

#: Exit status after Ctrl-C, as shells have it.
INTERRUPTED = 130

#: So many seconds of frames are looked at before one is written, in at most so many bytes.
AHEAD, MEMORY = 1.0, 400_000_000


@explained
def command(
    source: Annotated[Path, typer.Argument(help="A video.", metavar="IN", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="OUT.mp4, .m4v, .mov or .mkv")],
    method: loading.Method = MethodName.ATTRIBUTE_EDIT,
    strength: loading.Strength = None,
    gallery: loading.Gallery = None,
    policy: loading.Policy = PolicyName.PPAS,
    shape: loading.Shape = ShapeName.NEW,
    edit: loading.Edit = "",
    keep: loading.Keep = "",
    key: loading.Key = None,
    seed: loading.Seed = 0,
    hold: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds a lost face stays covered.")
    ] = 5.0,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")] = False,
    if_no_face: Annotated[
        IfNoFace, typer.Option(help="A video without a face is not written, or copied.")
    ] = IfNoFace.SKIP,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write what was done, as JSON.")] = None,
    weights: loading.Weights = None,
) -> None:
    """Replace every face in a video; each person keeps one new face."""
    with extra("video"):
        from elseface.scripts.footage.reading import Clip
    _check(source, output, overwrite)
    check_extras({"--report": report}, {source, output} | ({key} if key else set()))
    options = loading.edit_options(policy, shape, edit, keep)
    try:
        with Clip(source) as clip:
            with silent_start():
                from elseface.stage3_generate.load import ATTEMPTS

                anonymizer = loading.load_anonymizer(
                    method, strength, gallery, weights, options, key
                )
            if key and shape is ShapeName.NEW:  # nothing looks at it afterwards
                anonymizer = replace(anonymizer, attempts=ATTEMPTS)
            summary = anonymize_clip(
                clip, output, anonymizer, seed, hold, not no_audio, if_no_face, bool(report)
            )
    except KeyboardInterrupt:
        complain(f"stopped; {output} was not written")
        sys.exit(INTERRUPTED)
    if report:
        settings = {"method": method, "seed": seed, "keyed": key is not None, "hold": hold}
        settings |= options if method is MethodName.ATTRIBUTE_EDIT else {"strength": strength}
        summary = {"elseface": version("elseface"), "settings": settings, **summary}
        write_whole(report, f"{json.dumps(summary, indent=1)}\n".encode())


def anonymize_clip(
    clip: Clip,
    output: Path,
    anonymizer: Anonymizer,
    seed: int,
    hold: float,
    sound: bool,
    if_no_face: IfNoFace,
    measured: bool = False,
) -> dict[str, Any]:
    """Do an open video; returns what the report says of it, flicker only where it is `measured`.

    Raises
    ------
    ElsefaceError
        When it cannot be read to its end or written, or shows no face and copying was not asked
        for; then there is no output.
    """
    from elseface.scripts.footage.flicker import Flicker
    from elseface.scripts.footage.protection import protect
    from elseface.scripts.footage.writing import Writer
    from elseface.scripts.release.report import disguised

    flicker, people = Flicker(), {}
    frames = cuts = 0
    unit = clip.video.time_base
    with Writer(output, unit, clip.rate, clip.sounds if sound else []) as writer:
        done = protect(
            clip.frames(writer.hear), anonymizer, seed, _ahead(clip), round(hold * clip.rate)
        )
        for protected in progress(done, clip.expected, "video"):
            writer.write(protected.frame, protected.pixels)
            if measured:
                flicker.add(protected)
            frames, cuts = frames + 1, cuts + (protected.cut and frames > 0)
            time = round(float(protected.frame.stamp * unit), 3)
            for person in {cover.person: None for cover in protected.covers}:
                record = people.setdefault(person, {"frames": 0, "seen": 0, "first": time})
                record["last"] = time
                record["frames"] += 1
                record["seen"] += any(c.sure for c in protected.covers if c.person is person)
        if not people and if_no_face is IfNoFace.SKIP:
            raise ElsefaceError(f"{clip.path}: no face found, so not written; see --if-no-face")
    return {
        "video": str(clip.path),
        "output": str(output),
        "frames": frames,
        "cuts": cuts,
        "people": [
            {
                **record,
                "flicker": flicker.ratio(person.number),
                **disguised(person.change.disguise),
                "distance": person.change.distance,
            }
            for person, record in people.items()
        ],
    }


def _ahead(clip: Clip) -> int:
    from elseface.scripts.footage.tracking import FINE

    size = 3 * clip.video.width * clip.video.height
    return max(FINE, min(round(AHEAD * clip.rate), MEMORY // size))


def _check(source: Path, output: Path, overwrite: bool) -> None:
    from elseface.scripts.footage.writing import CONTAINERS

    if output.suffix.lower() not in CONTAINERS:
        raise ElsefaceError(f"{output}: H.264 goes to a file ending in {', '.join(CONTAINERS)}")
    if real_path(source) == real_path(output):
        raise ElsefaceError(f"{output}: would overwrite the original; choose another -o")
    if output.is_dir():
        raise ElsefaceError(f"{output}: is a folder; name the file to write")
    if output.exists() and not overwrite:
        raise ElsefaceError(f"{output}: exists; choose another -o, or --overwrite")
