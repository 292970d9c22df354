"""``elseface evaluate``: how well methods hide people, and what is left of the pictures."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from elseface.common.errors import ElsefaceError
from elseface.scripts import loading
from elseface.scripts.console import complain, explained, extra, listed, silent_start
from elseface.scripts.train_options import Precision

ATTACKS = ("naive", "parrot", "linkage", "trained", "restore", "assessor")
#: Libraries that have a part in the figures, besides those that have one in every picture.
JUDGING = ("onnxruntime", "scikit-learn")
#: Under these names results hold what no recognizer says.
RESERVED = {"assessor", "utility", "quality", "edits"}
METHODS = "attribute-edit,blur,pixelate,swirl,inpaint-telea,inpaint-ns,mask,mean-face"


@explained
def command(
    dataset: Annotated[
        Path | None,
        typer.Argument(help="CelebA's layout, or a folder with one a person.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for it all.", show_default=False)
    ] = None,
    methods: Annotated[
        str, typer.Option(help="By comma: NAME, NAME:STRENGTH, attribute-edit:SHAPE/POLICY.")
    ] = METHODS,
    recognizers: Annotated[str, typer.Option(help="By comma: dlib, and YAML files.")] = "dlib",
    attacks: Annotated[str, typer.Option(help="By comma.")] = ",".join(ATTACKS),
    limit: Annotated[
        int | None, typer.Option(min=2, help="Judge about so many pictures.", show_default=False)
    ] = None,
    background: Annotated[
        int, typer.Option(min=2, help="The attacker trains on about so many pictures.")
    ] = 3000,
    weights: loading.Weights = None,
    judge: Annotated[
        Path | None,
        typer.Option(
            help="Attribute weights kept for measuring; else those shipped for it.",
            show_default=False,
        ),
    ] = None,
    precision: Annotated[
        Precision,
        typer.Option(help="Of the attacker's U-Net; mixed_bfloat16 where the processor has it."),
    ] = Precision.FLOAT32,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in -o.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Two results.json: what became better or worse.", show_default=False),
    ] = None,
) -> None:
    """Judge methods by recognizers and attackers, beside unchanged, black-out and a stranger."""
    if compare:
        from elseface.scripts.evaluation.compare import differences

        print("\n".join(differences(*compare)) or "no difference beyond the intervals")
        return
    if not dataset or not output:
        raise ElsefaceError("give a DATASET and -o FOLDER, or --compare A.json B.json")
    from elseface.common.weights import JUDGE, PACKAGED

    if not listed(recognizers):
        raise ElsefaceError("--recognizers: names none; give dlib, a recognizer's YAML, or both")
    folder = weights or PACKAGED
    settings = {
        "dataset": str(dataset), "recognizers": listed(recognizers), "limit": limit,
        "attacks": _known(listed(attacks)), "background": background,
        "precision": precision.value,
    }  # fmt: skip
    results = _prepared(output, settings, resume, folder)
    _run(dataset, output, results, listed(methods), folder, judge or JUDGE)


def _run(
    dataset: Path,
    output: Path,
    results: dict[str, Any],
    methods: list[str],
    folder: Path,
    judge: Path,
) -> None:
    with silent_start(), extra("evaluate"):
        from elseface.scripts.evaluation import paired, people, report
        from elseface.scripts.evaluation.harness import Harness
        from elseface.scripts.evaluation.methods import CONTROLS, STRANGERS, UNCHANGED, load_method
        from elseface.scripts.evaluation.people import Role
        from elseface.stage3_generate.choices import MethodName

        names = list(dict.fromkeys([*CONTROLS, *methods]))
        settings = results["settings"]
        roles = people.read(dataset)
        roles[Role.JUDGED] = people.spread(roles[Role.JUDGED], settings["limit"])
        everybody = roles[Role.BACKGROUND]
        roles[Role.BACKGROUND], others = people.parted(everybody, settings["background"])
        roles[Role.TUNING] = people.limited(roles[Role.TUNING], settings["background"] // 4)
        anonymizers = {
            name: load_method(name, others, folder) for name in names if name not in STRANGERS
        }
        judges = _judges(output, settings["recognizers"], folder, judge)
    looked = {"judge": judges.judge_digest}
    looked |= {recognizer.name: recognizer.digest for recognizer in judges.recognizers}
    if results.setdefault("judges", looked) != looked:
        raise ElsefaceError(f"{output}: holds a run by other recognizers or another judge")
    pictures = {role.value: of.digest() for role, of in roles.items()}
    pictures["gallery"] = others.digest()
    if results.setdefault("pictures", pictures) != pictures:
        raise ElsefaceError(f"{output}: holds a run on other pictures than {dataset} has now")
    if settings["recognizers"] == ["dlib"] and MethodName.ATTRIBUTE_EDIT in names:
        complain(
            "attribute-edit draws again until dlib's recognizer finds a face unlike: judge it by"
            " another, too (--recognizers dlib,FILE.yaml)"
        )
    results |= report.about(roles[Role.JUDGED])
    report.keep(output, results)
    harness = Harness(roles, output, judges, settings["attacks"], settings["precision"])
    done = results["methods"]
    left = [name for name in names if name not in done]
    if left and UNCHANGED in done:
        harness.look(UNCHANGED, anonymizers[UNCHANGED])  # the others are measured by it
    for name in left:
        done[name] = (
            harness.compare(name) if name in STRANGERS else harness.judge(name, anonymizers[name])
        )
        for other in done if name in paired.REFERENCES else [name]:
            paired.over_references(done, other)
        first = [other for other in names if other in done]
        results["methods"] = done = {other: done[other] for other in [*first, *done]}
        report.write(output, results)
    if not left:
        report.write(output, results)  # of a run that was killed before it could


def _judges(output: Path, recognizers: list[str], folder: Path, judge: Path):
    from elseface.common.weights import digest
    from elseface.scripts.evaluation.examine import Judges
    from elseface.scripts.evaluation.judge import load_judge
    from elseface.scripts.evaluation.memory import Memory
    from elseface.scripts.evaluation.recognizer import load_recognizer
    from elseface.scripts.evaluation.utility import Mtcnn

    loaded = [load_recognizer(name) for name in recognizers]
    names = [recognizer.name for recognizer in loaded]
    if len(set(names)) < len(names):
        raise ElsefaceError(f"--recognizers: two are called {max(names, key=names.count)}")
    if taken := RESERVED.intersection(names):
        raise ElsefaceError(f"--recognizers: {taken.pop()} means something else; rename the file")
    return Judges(
        loaded,
        Mtcnn(),
        load_judge(judge, folder),
        digest("attributes", judge),
        Memory(output / "memory.sqlite"),
    )


def _prepared(output: Path, settings: dict[str, Any], resume: bool, folder: Path) -> dict[str, Any]:
    """The results so far: none, or those of the run that is gone on with.

    Pictures made with other settings, weights or libraries would be taken for this run's, so all
    must agree.
    """
    from elseface.common.weights import file_hash
    from elseface.scripts.release import provenance

    made_with = {
        "elseface": version("elseface"),
        "made with": {
            **provenance.made_with(folder, *JUDGING),
            "elseface/evaluate": file_hash(Path(__file__)),
        },
        "settings": settings,
    }
    kept = output / "results.json"
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ElsefaceError(f"{output}: cannot be a folder ({error.strerror})") from None
    if not any(output.iterdir()):
        return {**made_with, "methods": {}}
    if not resume or not kept.exists():
        raise ElsefaceError(f"{output}: is not empty; --resume goes on with a run in it")
    try:
        results = json.loads(kept.read_text())
        of_a_run = isinstance(results["methods"], dict)
    except (ValueError, LookupError, TypeError):
        of_a_run = False
    if not of_a_run:
        raise ElsefaceError(f"{kept}: is damaged; move it away to begin anew")
    if {key: results.get(key) for key in made_with} != made_with:
        raise ElsefaceError(f"{output}: holds a run with other settings, weights or versions")
    return results


def _known(attacks: list[str]) -> list[str]:
    if unknown := [name for name in attacks if name not in ATTACKS]:
        raise ElsefaceError(f"--attacks {unknown[0]!r}: choose from {', '.join(ATTACKS)}")
    return attacks
