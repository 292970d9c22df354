"""``elseface video``: a video in, one without its faces out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import real_path
from elseface.common.output import write_whole
from elseface.common.safeguards import check_extras
from elseface.scripts import loading
from elseface.scripts.anonymize import IfNoFace, inputs
from elseface.scripts.console import INTERRUPTED, complain, explained, extra, listed, silent_start
from elseface.scripts.release.boxes import read_timed_boxes
from elseface.stage1_disentangle.choices import DetectorName
from elseface.stage3_generate.choices import MethodName, PolicyName, ShapeName


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
    keep_person: loading.KeepPerson = None,
    detector: loading.Detector = DetectorName.UNION.value,
    boxes: Annotated[
        Path | None,
        typer.Option(help="JSON of more faces: seconds to boxes (left, top, right, bottom)."),
    ] = None,
    hold: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds a lost face stays covered.")
    ] = 5.0,
    label: Annotated[
        str | None,
        typer.Option(help='Words to write on it, such as "synthetic face"; another pass.'),
    ] = None,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")] = False,
    if_no_face: Annotated[
        IfNoFace, typer.Option(help="A video without a face is not written, or copied.")
    ] = IfNoFace.SKIP,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.")] = False,
    verify: loading.Verify = True,
    report: loading.Report = None,
    certificate: loading.Certificate = None,
    weights: loading.Weights = None,
) -> None:
    """Replace every face in a video; a person keeps one new face within a scene."""
    with extra("video"):
        from elseface.scripts.footage.reading import Clip
    _check(source, output, overwrite)
    loading.check_number("--hold", hold)
    if certificate and not verify:
        raise ElsefaceError("--certificate certifies what --verify saw; leave out --no-verify")
    if key and not verify:
        raise ElsefaceError("--key goes without --no-verify: only verification checks the new face")
    beside = {"--report": report, "--certificate": certificate}
    check_extras(beside, {source, output} | inputs([key, boxes], [keep_person, gallery]))
    options = loading.EditOptions(policy, shape, edit, listed(keep))
    brought = read_timed_boxes(boxes) if boxes else {}
    try:
        with Clip(source):
            pass  # what is no video shows before anything heavy is loaded
        with silent_start():
            anonymizer = loading.load_anonymizer(
                method, strength, gallery, weights, options, key, film=True
            )
            from elseface.scripts.footage.export import Export
            from elseface.scripts.footage.report import certify, describe, less_than_asked
            from elseface.scripts.footage.tracking import OURS
            from elseface.scripts.release.certify import issue
            from elseface.scripts.release.consent import load_consent
            from elseface.scripts.release.label import Label
            from elseface.scripts.release.verify import load_verifier
            from elseface.stage1_disentangle.detectors import load_detector, second

            verified_by = second(detector)
            load_detector(DetectorName.UNION)  # which follows what was found, whoever found it
            finds = load_detector(detector)
            verifier = load_verifier(verified_by) if verify else None
            words = Label(label) if label is not None else None
        consent = load_consent(keep_person, finds)
        export = Export(
            source, output, anonymizer, seed, hold, sound=not no_audio, verifier=verifier,
            measured=bool(report), consent=consent, found_by=detector, boxes=brought, label=words,
            detectors=OURS if detector == DetectorName.UNION else (finds, finds),
        )  # fmt: skip
        record, sha256 = export(if_no_face is IfNoFace.COPY)
        for line in less_than_asked(source, record, anonymizer.name):
            complain(line)
    except KeyboardInterrupt:
        complain(f"stopped; {output} was not written")
        sys.exit(INTERRUPTED)
    settings = {"method": method, "keyed": key is not None, "hold": hold, "verify": verify}
    settings |= {"detector": detector, "keep_person": keep_person is not None, "label": label}
    settings |= asdict(options) if method is MethodName.ATTRIBUTE_EDIT else {"strength": strength}
    if report:
        summary = {"elseface": version("elseface"), "settings": {**settings, "seed": seed}}
        summary |= {"video": str(source), "output": str(output), **describe(record)}
        write_whole(report, f"{json.dumps(summary, indent=1)}\n".encode())
    if certificate:
        files = [certify(output, record, sha256)]
        issue(certificate, files, method.value, (detector, verified_by), settings, weights)


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
