"""``elseface anonymize``: photos and folders in, anonymized photos and a report out."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos, plan
from elseface.common.location import located
from elseface.common.safeguards import check_extras, check_folder, check_free
from elseface.scripts import loading
from elseface.scripts.console import (
    INTERRUPTED,
    PARTIAL,
    complain,
    explained,
    listed,
    progress,
    silent_start,
)
from elseface.scripts.release.engine import EngineName, load_pool, worthwhile
from elseface.scripts.release.journal import begun
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName


class IfNoFace(StrEnum):
    """What becomes of a photo in which no face is found."""

    SKIP = "skip"
    COPY = "copy"


@explained
def command(
    paths: Annotated[
        list[str], typer.Argument(help="Photos and folders, URLs too.", show_default=False)
    ],
    output: Annotated[str, typer.Option("-o", "--output", help="Folder for the results, or URL.")],
    method: loading.Method = MethodName.ATTRIBUTE_EDIT,
    strength: loading.Strength = None,
    gallery: loading.Gallery = None,
    policy: loading.Policy = PolicyName.PPAS,
    shape: loading.Shape = ShapeName.NEW,
    edit: loading.Edit = "",
    keep: loading.Keep = "",
    max_flips: loading.MaxFlips = None,
    epsilon: loading.Epsilon = 0.0,
    key: loading.Key = None,
    seed: loading.Seed = 0,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="Pictures are aligned as CelebA's, 178x218.")
    ] = False,
    if_no_face: Annotated[
        IfNoFace,
        typer.Option(help="A photo without a face is not written, or its pixels are."),
    ] = IfNoFace.SKIP,
    verify: loading.Verify = True,
    detector: loading.Detector = DetectorName.UNION.value,
    boxes: Annotated[
        Path | None,
        typer.Option(help="JSON of more faces: photo to boxes (left, top, right, bottom)."),
    ] = None,
    skip_face: Annotated[
        list[str] | None,
        typer.Option(help="left,top,right,bottom of a face of the one photo to leave."),
    ] = None,
    keep_person: loading.KeepPerson = None,
    label: Annotated[
        str | None, typer.Option(help='Words to write on the photo, such as "synthetic face".')
    ] = None,
    report: loading.Report = None,
    certificate: loading.Certificate = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results that are there already.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Keep a journal beside --report, and go on by it if there is one."
        ),
    ] = False,
    engine: Annotated[
        EngineName,
        typer.Option(
            help="Work here, or on a Ray cluster (RAY_ADDRESS) that has the same folders."
        ),
    ] = EngineName.LOCAL,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Photos at once, 1.3 GB each; otherwise what pays, or the whole cluster."
        ),
    ] = None,
    weights: loading.Weights = None,
) -> None:
    """Replace every face in the photos by the face of nobody.

    Photos and results may be at URLs that fsspec reaches, such as s3://bucket/photos.
    """
    folder = located(output)
    jobs, refused = plan([located(path) for path in paths], folder)
    apart = engine is EngineName.RAY or (workers or 1) > 1
    if key and apart:
        raise ElsefaceError("--key goes without --engine ray and --workers: one must see everybody")
    if certificate and not verify:
        raise ElsefaceError("--certificate certifies what --verify saw; leave out --no-verify")
    if resume and not report:
        raise ElsefaceError("--resume goes by what is noted beside the --report; name one")
    if key and (resume or not verify):
        why = "who is who is sorted out anew" if resume else "only verification checks the new face"
        raise ElsefaceError(f"--key goes without {'--resume' if resume else '--no-verify'}: {why}")
    noted = Path(f"{report}.journal") if resume else None
    if not overwrite:
        ours = begun(noted) if noted and noted.exists() else set()
        check_free([job for job in jobs if str(job.target) not in ours], folder)
    photos = {path for job in jobs for path in (job.source, job.target)}
    beside = {"--report": report, "--certificate": certificate, "--report with --resume": noted}
    photos |= {source for source, _ in refused}
    check_extras(beside, photos | inputs([boxes, key], [keep_person, gallery]))
    check_folder(folder)
    options = loading.EditOptions(policy, shape, edit, listed(keep), max_flips, epsilon)
    settings = {"method": method, "aligned": aligned, "detector": detector, "verify": verify}
    settings |= {"keyed": key is not None}
    settings |= asdict(options) if method is MethodName.ATTRIBUTE_EDIT else {"strength": strength}
    settings["label"] = label
    sources = [job.source for job in jobs]
    with silent_start():
        from elseface.scripts.release.consent import load_consent
        from elseface.scripts.release.finder import load_finder
        from elseface.scripts.release.label import Label

        words = Label(label) if label is not None else None
        finder = load_finder(None if aligned else detector, sources, boxes, skip_face or [])
        consent = load_consent(keep_person, finder.detector)
        load = functools.partial(
            loading.load_anonymizer, method, strength, gallery, weights, options, key
        )
        from elseface.scripts.release.album import introduce
        from elseface.scripts.release.journal import open_journal
        from elseface.scripts.release.provenance import detector_hash, folder_hash, made_with
        from elseface.scripts.release.run import Run
        from elseface.scripts.release.task import load_task

        copy = if_no_face is IfNoFace.COPY
        make = functools.partial(
            load_task, load, folder, copy, seed, finder, consent, verify, words
        )
        task = make()
    if key:
        introduce(jobs, finder, task.release.painter.anonymizer.casting)
    terms: dict[str, Any] = {}
    if resume:
        terms = {
            **settings, "seed": seed, "-o": str(folder), "if_no_face": if_no_face,
            "skip_face": skip_face, "gallery": folder_hash(gallery),
            "keep_person": folder_hash(keep_person), "made with": made_with(weights),
            "detector's source": None if aligned else detector_hash(detector),
        }  # fmt: skip
    with open_journal(noted, terms) as journal:
        run = Run(task, journal, complain)
        for source, reason in refused:
            run.refuse(source, reason)

        def work() -> None:
            count = workers and max(1, min(workers, len(jobs)))
            if engine is EngineName.LOCAL and not (workers or key):
                count = worthwhile(len(jobs))
            with (
                load_pool(engine, count, task, make, weights) as pool,
                progress(jobs, len(jobs), "anonymize") as tracked,
            ):
                run.do(tracked, pool)

        stopped = False
        try:
            written = _tried(work)
        except KeyboardInterrupt:
            complain("stopped; what was done is kept")
            written, stopped = True, True
        # Where it was cut short, too, what was done is reported.
        if report:
            written &= _tried(run.write_report, report, settings)
        if certificate:
            written &= _tried(run.write_certificate, certificate, settings, weights)
    if stopped:
        sys.exit(INTERRUPTED)
    if not written:
        sys.exit(2)
    if not run.whole:
        sys.exit(PARTIAL)


def inputs(files: list[Path | None], folders: list[Path | None]) -> set[Path]:
    """Files that the run reads besides its photos."""
    known = [folder for folder in folders if folder and folder.is_dir()]
    pictures = {path for path, _ in list_photos(known)} if known else set()
    return pictures | {file for file in files if file}


def _tried(write: Callable[..., None], *arguments: Any) -> bool:
    """Whether it could be done; what could not costs no other."""
    try:
        write(*arguments)
    except ElsefaceError as error:
        complain(error)
        return False
    return True
