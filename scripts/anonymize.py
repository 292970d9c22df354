"""``elseface anonymize``: photos and folders in, anonymized photos and a report out."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import check_extras, list_photos, plan
from elseface.common.output import write_whole
from elseface.scripts import loading
from elseface.scripts.console import PARTIAL, complain, explained, progress, silent_start
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName

if TYPE_CHECKING:
    from elseface.scripts.release.certificate import CertifiedFile


class IfNoFace(StrEnum):
    """What becomes of a photo in which no face is found."""

    SKIP = "skip"
    COPY = "copy"


@explained
def command(
    paths: Annotated[list[Path], typer.Argument(help="Photos and folders.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")],
    method: loading.Method = MethodName.ATTRIBUTE_EDIT,
    strength: loading.Strength = None,
    gallery: loading.Gallery = None,
    policy: loading.Policy = PolicyName.PPAS,
    shape: loading.Shape = ShapeName.NEW,
    edit: loading.Edit = "",
    keep: loading.Keep = "",
    max_flips: loading.MaxFlips = None,
    epsilon: loading.Epsilon = 0.0,
    seed: loading.Seed = 0,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Pictures are aligned as CelebA's, 178x218.")
    ] = False,
    if_no_face: Annotated[
        IfNoFace, typer.Option(help="A photo without a face is not written, or copied.")
    ] = IfNoFace.SKIP,
    verify: Annotated[
        bool, typer.Option(help="Look at what was written, until no face can be told.")
    ] = True,
    detector: Annotated[
        DetectorName, typer.Option(help="Finds the faces; another one verifies.")
    ] = DetectorName.UNION,
    boxes: Annotated[
        Path | None,
        typer.Option(help="JSON of more faces: photo to boxes (left, top, right, bottom)."),
    ] = None,
    skip_face: Annotated[
        list[str] | None,
        typer.Option(help="left,top,right,bottom of a face of the one photo to leave."),
    ] = None,
    keep_person: Annotated[
        Path | None, typer.Option(help="Folder of pictures of people who agreed to be seen.")
    ] = None,
    label: Annotated[
        str, typer.Option(help='Words to write on the photo, such as "synthetic face".')
    ] = "",
    report: Annotated[Path | None, typer.Option(help="Write what was done, as JSON.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="Write what was verified, to pass on; see check.")
    ] = None,
    weights: loading.Weights = None,
) -> None:
    """Replace every face in the photos by the face of nobody."""
    jobs, refused = plan(paths, output)
    if certificate and not verify:
        raise ElsefaceError("--certificate certifies what --verify saw; leave out --no-verify")
    photos = {path for job in jobs for path in (job.source, job.target)}
    beside = {"--report": report, "--certificate": certificate}
    photos |= {source for source, _ in refused}
    check_extras(beside, photos | _inputs(boxes, keep_person, gallery))
    options = loading.edit_options(policy, shape, edit, keep, max_flips, epsilon)
    settings = {"method": method, "aligned": aligned, "detector": detector, "verify": verify}
    settings["label"] = label
    settings |= options if method is MethodName.ATTRIBUTE_EDIT else {"strength": strength}
    sources = [job.source for job in jobs]
    with silent_start():
        from elseface.scripts.release.consent import load_consent
        from elseface.scripts.release.finder import load_finder
        from elseface.scripts.release.label import Label

        words = Label(label) if label else None
        finder = load_finder(None if aligned else detector, sources, boxes, skip_face or [])
        consent = load_consent(keep_person, finder.detector)
        anonymizer = loading.load_anonymizer(method, strength, gallery, weights, options)
        from elseface.scripts.release.certify import certify, issue
        from elseface.scripts.release.photos import load_release
        from elseface.scripts.release.report import describe, released

        release = load_release(anonymizer, seed, finder, consent, verify, words)
    records: list[dict[str, Any]] = []
    certified: list[CertifiedFile] = []
    for source, reason in refused:
        complain(reason)
        records.append({"photo": str(source), "output": None, "faces": [], "error": reason})
    for job in progress(jobs, len(jobs), "anonymize"):
        record = {"photo": str(job.source), "seed": seed, "output": None, "faces": []}
        start = time.perf_counter()
        try:
            done = release(job, if_no_face is IfNoFace.COPY)
            record |= {"output": str(job.target), "method": anonymizer.name, **describe(done.scene)}
            if certificate:
                certified.append(certify(job.target, output, done))
        except ElsefaceError as error:
            record["error"] = str(error)
        except Exception as error:  # a fault of ours must not cost the other photos
            record["error"] = f"{job.source}: unexpected {type(error).__name__}: {error}"
        if "error" in record:
            complain(record["error"])
        records.append({**record, "seconds": round(time.perf_counter() - start, 3)})
    extras: dict[Path, str] = {}
    if report:
        summary = {"elseface": version("elseface"), "settings": settings, "photos": records}
        if method is MethodName.ATTRIBUTE_EDIT and policy is PolicyName.PPAS:
            summary["ppas"] = released(anonymizer.policy, anonymizer.keep, records)
        extras[report] = json.dumps(summary, indent=1)
    if certified:
        issued = issue(certified, release, settings, weights)
        extras[certificate] = issued.model_dump_json(indent=1)
    if not _written(extras):
        sys.exit(2)
    if any(record["output"] is None for record in records):
        sys.exit(PARTIAL)


def _inputs(boxes: Path | None, *folders: Path | None) -> set[Path]:
    """Files that the run reads besides its photos."""
    known = [folder for folder in folders if folder and folder.is_dir()]
    pictures = {path for path, _ in list_photos(known)} if known else set()
    return pictures | ({boxes} if boxes else set())


def _written(extras: dict[Path, str]) -> bool:
    """Whether all of the texts could be written; one that could not costs no other."""
    faults = []
    for path, text in extras.items():
        try:
            write_whole(path, f"{text}\n".encode())
        except ElsefaceError as error:
            faults.append(error)
            complain(error)
    return not faults
