"""``elseface anonymize``: photos and folders in, anonymized photos and a report out."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job, plan
from elseface.scripts.console import PARTIAL, complain, explained, progress, silent_start
from elseface.scripts.loading import (
    Edit,
    Epsilon,
    Gallery,
    Keep,
    MaxFlips,
    Method,
    Policy,
    Seed,
    Shape,
    Strength,
    Weights,
    edit_options,
    load_anonymizer,
)
from elseface.scripts.reporting import check_report, describe, write_report
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.common.anonymizer import Anonymizer
    from elseface.stage3_generate.policies import Ppas


class IfNoFace(StrEnum):
    """What becomes of a photo in which no face is found."""

    SKIP = "skip"
    COPY = "copy"


@explained
def command(
    paths: Annotated[list[Path], typer.Argument(help="Photos and folders.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")],
    method: Method = MethodName.ATTRIBUTE_EDIT,
    strength: Strength = None,
    gallery: Gallery = None,
    policy: Policy = PolicyName.PPAS,
    shape: Shape = ShapeName.NEW,
    edit: Edit = "",
    keep: Keep = "",
    max_flips: MaxFlips = None,
    epsilon: Epsilon = 0.0,
    seed: Seed = 0,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Pictures are aligned as CelebA's, 178x218.")
    ] = False,
    if_no_face: Annotated[
        IfNoFace, typer.Option(help="A photo without a face is not written, or copied.")
    ] = IfNoFace.SKIP,
    report: Annotated[Path | None, typer.Option(help="Write what was done, as JSON.")] = None,
    weights: Weights = None,
) -> None:
    """Replace every face in the photos by the face of nobody."""
    jobs, refused = plan(paths, output)
    if report:
        check_report(report, {*_files(jobs), *(source for source, _ in refused)})
    options = edit_options(policy, shape, edit, keep, max_flips, epsilon)
    with silent_start():
        anonymizer = load_anonymizer(method, strength, gallery, weights, options)
    records: list[dict[str, Any]] = []
    for source, reason in refused:
        complain(reason)
        records.append({"photo": str(source), "output": None, "faces": [], "error": reason})
    for job in progress(jobs, len(jobs), "anonymize"):
        record = {"photo": str(job.source), "seed": seed, "output": None, "faces": []}
        start = time.perf_counter()
        try:
            record |= anonymize_file(job, anonymizer, seed, aligned, if_no_face)
        except ElsefaceError as error:
            record["error"] = str(error)
        except Exception as error:  # a fault of ours must not cost the other photos
            record["error"] = f"{job.source}: unexpected {type(error).__name__}: {error}"
        if "error" in record:
            complain(record["error"])
        records.append({**record, "seconds": round(time.perf_counter() - start, 3)})
    if report:
        settings = {"method": method, "aligned": aligned}
        settings |= options if method is MethodName.ATTRIBUTE_EDIT else {"strength": strength}
        summary = {"elseface": version("elseface"), "settings": settings, "photos": records}
        if method is MethodName.ATTRIBUTE_EDIT and policy is PolicyName.PPAS:
            summary["ppas"] = _released(anonymizer.policy, anonymizer.keep, records)
        write_report(report, summary)
    if any(record["output"] is None for record in records):
        sys.exit(PARTIAL)


def anonymize_file(
    job: Job, anonymizer: Anonymizer, seed: int, aligned: bool, if_no_face: IfNoFace
) -> dict[str, Any]:
    """Do one photo; returns what the report says of it.

    Raises
    ------
    ElsefaceError
        When it cannot be read or written, or no face is found and copying was not asked for.
    """
    from elseface.common.photo import read_photo, write_photo
    from elseface.stage1_disentangle.faces import aligned_face, find_faces

    photo = read_photo(job.source)
    try:
        faces = [aligned_face(photo.pixels)] if aligned else find_faces(photo.pixels)
    except ElsefaceError as error:
        raise ElsefaceError(f"{job.source}: {error}") from None
    if not faces and if_no_face is IfNoFace.SKIP:
        raise ElsefaceError(f"{job.source}: no face found, so not written; see --if-no-face")
    result = anonymizer.anonymize(photo.pixels, faces, seed)
    write_photo(job.target, photo.with_pixels(result.pixels))
    return {
        "output": str(job.target),
        "method": anonymizer.name,
        "faces": [describe(change) for change in result.changes],
    }


def _released(
    policy: Ppas, keep: Collection[int], records: list[dict[str, Any]]
) -> dict[str, float | None]:
    """What ppas can say of the attributes it let out: t of t-closeness, and epsilon if bounded."""
    from elseface.stage3_generate.policies import closeness

    faces = [face["attributes_after"] for record in records for face in record["faces"]]
    values = [list(face.values()) for face in faces]
    return {
        "t": closeness(values, policy.population, policy.drawn(keep)) if faces else None,
        "epsilon": policy.epsilon if policy.max_flips is None else None,
    }


def _files(jobs: list[Job]) -> set[Path]:
    return {path for job in jobs for path in (job.source, job.target)}
