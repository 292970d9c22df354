"""``elseface anonymize``: photos and folders in, anonymized photos and a report out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import Job, list_photos, plan, real_path
from elseface.scripts.console import PARTIAL, complain, explained, progress, silent_start
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.common.anonymizer import Anonymizer, Change
    from elseface.stage3_generate.policies import Ppas


class IfNoFace(StrEnum):
    """What becomes of a photo in which no face is found."""

    SKIP = "skip"
    COPY = "copy"


@explained
def command(
    paths: Annotated[list[Path], typer.Argument(help="Photos and folders.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")],
    method: Annotated[
        MethodName, typer.Option(help="How faces are replaced; the others compare.")
    ] = MethodName.ATTRIBUTE_EDIT,
    strength: Annotated[
        float | None, typer.Option(help="Of blur, pixelate and swirl.", show_default=False)
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option(help="Of mean-face: photos of others.", show_default=False)
    ] = None,
    policy: Annotated[PolicyName, typer.Option(help="How attributes change.")] = PolicyName.PPAS,
    shape: Annotated[ShapeName, typer.Option(help="Whose face shape.")] = ShapeName.NEW,
    edit: Annotated[str, typer.Option(help='Attributes to set: "+Smiling,-Young".')] = "",
    keep: Annotated[
        str, typer.Option(help="Attributes to protect besides gender's, by comma.")
    ] = "",
    max_flips: Annotated[
        int | None, typer.Option(min=0, help="ppas: change at most this many attributes.")
    ] = None,
    epsilon: Annotated[
        float,
        typer.Option(min=0, max=500, help="ppas: budget of a randomized response; hide the seed."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Another number, other faces.")] = 0,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Pictures are aligned as CelebA's, 178x218.")
    ] = False,
    if_no_face: Annotated[
        IfNoFace, typer.Option(help="A photo without a face is not written, or copied.")
    ] = IfNoFace.SKIP,
    report: Annotated[Path | None, typer.Option(help="Write what was done, as JSON.")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Weights of your own training.", show_default=False)
    ] = None,
) -> None:
    """Replace every face in the photos by the face of nobody."""
    jobs, refused = plan(paths, output)
    if report:
        _check_report(report, {*_files(jobs), *(source for source, _ in refused)})
    kept = [name for name in keep.replace(" ", "").split(",") if name]
    options = {
        "policy": policy, "shape": shape, "edit": edit, "keep": kept, "max_flips": max_flips,
        "epsilon": epsilon,
    }  # fmt: skip
    with silent_start():
        anonymizer = _load(method, strength, gallery, weights, options)
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
        _write_report(report, summary)
    if any(record["output"] is None for record in records):
        sys.exit(PARTIAL)


def _load(
    method: MethodName,
    strength: float | None,
    gallery: Path | None,
    weights: Path | None,
    options: dict[str, Any],
) -> Anonymizer:
    ours = method is MethodName.ATTRIBUTE_EDIT
    if not ours and (options["edit"] or options["keep"] or weights):
        raise ElsefaceError(f"{method} takes neither --edit nor --keep nor --weights")
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

    return load_attribute_edit(**options, folder=weights or PACKAGED)


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
        "faces": [_face(change) for change in result.changes],
    }


def _face(change: Change) -> dict[str, Any]:
    from elseface.common.attributes import named

    new = change.disguise
    return {
        "box": list(change.face.box),
        "landmarks": change.face.landmarks.round(1).tolist(),
        "attributes_before": named(new.before) if new else {},
        "attributes_after": named(new.after) if new else {},
        "distance": change.distance,
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


def _check_report(path: Path, photos: set[Path]) -> None:
    """Before the work: the report must not cost a photo, and must be writable after it."""
    if real_path(path) in {real_path(photo) for photo in photos}:
        raise ElsefaceError(f"{path}: is one of the photos; choose another --report")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()  # an earlier report stays until there is a new one
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be written ({error.strerror})") from None


def _write_report(path: Path, summary: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ElsefaceError(f"{path}: cannot be written ({error.strerror})") from None
