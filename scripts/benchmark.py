"""elseface beside PyPI's deface on the same photos and video, each as whole processes.

    python -m venv other && other/bin/pip install deface
    python -m elseface.scripts.benchmark PHOTOS --deface other/bin/deface --video CLIP.mp4

deface (https://github.com/ORB-HD/deface) finds faces with CenterFace and blurs them; it is
installed apart since it brings an OpenCV of its own.  Every round runs every command once, in turn,
so that what else the machine does meets them all; ratios of medians travel between machines,
seconds do not.  Frames a second are those of a video beyond its first :data:`START`, so that no
program's start counts.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from elseface.common.errors import ElsefaceError
from elseface.common.files import list_photos
from elseface.scripts.console import explained, extra, progress
from rich.console import Console
from rich.table import Table

ELSEFACE = (sys.executable, "-c", "from elseface.scripts.cli import app; app()")
#: Of what is run, what follows ``elseface anonymize PHOTOS -o OUT`` or ``video IN -o OUT``.
OPTIONS = {
    "elseface": (),
    "elseface, not verified": ("--no-verify",),
    "elseface --method blur": ("--method", "blur"),
    "elseface --method blur, not verified": ("--method", "blur", "--no-verify"),
}
BASE = "deface"
#: Frames of the shorter video.
START = 60


@dataclass(frozen=True)
class Took:
    """Seconds of a command: by the clock, and of all its processors."""

    wall: float
    processors: float


@explained
def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos.")],
    deface: Annotated[Path, typer.Option(help="The other tool's command.")],
    video: Annotated[Path | None, typer.Option(help="A video, too.", show_default=False)] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Print a table of seconds, and of ratios to deface."""
    files = [path for path, _ in list_photos([photos])]
    for command in (deface, video):
        if command and not command.is_file():
            raise ElsefaceError(f"{command}: no such file")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copies = folder / "photos"
        copies.mkdir()
        for i, file in enumerate(files):  # under names that say nothing, in one folder for deface
            shutil.copy(file, copies / f"{i:06}{file.suffix}")
        commands = {
            name: [*ELSEFACE, "anonymize", copies, "-o", folder / "out", *options]
            for name, options in OPTIONS.items()
        }
        commands[BASE] = [deface, *sorted(copies.iterdir())]
        _print(f"{len(files)} photos", _timed(commands, folder, copies, rounds))
        if video:
            (clips := folder / "clips").mkdir()
            shutil.copy(video, whole := clips / video.name)
            begun = clips / f"start{video.suffix}"
            more = _cut(video, begun) - START
            if more <= 0:
                raise ElsefaceError(f"{video}: has no more than {START} frames; take a longer one")
            commands = {}
            for clip in (begun, whole):
                for name, options in OPTIONS.items():
                    made = folder / "out" / "out.mp4"
                    commands[f"{name}, {clip.name}"] = [
                        *ELSEFACE,
                        "video",
                        clip,
                        "-o",
                        made,
                        *options,
                    ]
                commands[f"{BASE}, {clip.name}"] = [deface, clip]
            took = _timed(commands, folder, clips, rounds)
            short, long = (
                {name: took[f"{name}, {clip.name}"] for name in (*OPTIONS, BASE)}
                for clip in (begun, whole)
            )
            _print(video.name, long)
            _print_rates(more, short, long)


def _cut(video: Path, start: Path) -> int:
    """Write the first frames with their sound; returns how many frames the whole video has."""
    with extra("video"):
        import av
    count = 0
    with av.open(str(video)) as source, av.open(str(start), "w") as target:
        streams = [stream for stream in source.streams if stream.type in ("video", "audio")]
        copies = {stream.index: target.add_stream_from_template(stream) for stream in streams}
        for packet in source.demux(streams):
            if packet.dts is None:
                continue  # the empty one that ends a stream
            if count < START:
                packet.stream, kind = copies[packet.stream.index], packet.stream.type
                target.mux(packet)
            else:
                kind = packet.stream.type
            count += kind == "video"
    return count


def _timed(
    commands: dict[str, list], folder: Path, inputs: Path, rounds: int
) -> dict[str, list[Took]]:
    """How long each took in each round; what it wrote is removed before the next."""
    given = set(inputs.iterdir())
    took: dict[str, list[Took]] = {name: [] for name in commands}
    turns = [(name, command) for _ in range(rounds) for name, command in commands.items()]
    with progress(turns, len(turns), "commands") as tracked:
        for name, command in tracked:
            (folder / "out").mkdir()
            took[name].append(_run(name, command))
            shutil.rmtree(folder / "out")
            for made in set(inputs.iterdir()) - given:
                made.unlink()
    return took


def _run(name: str, command: list) -> Took:
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet)
    # 3: some photos have no face, which is nobody's fault here.
    if done.returncode not in (0, 3):
        raise ElsefaceError(f"{name}: status {done.returncode}: {done.stderr.strip()[-300:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.perf_counter() - start, used)


def _print(title: str, took: dict[str, list[Took]]) -> None:
    wall = {name: statistics.median(t.wall for t in times) for name, times in took.items()}
    used = {name: statistics.median(t.processors for t in times) for name, times in took.items()}
    table = Table("command", "seconds", "processor seconds", f"over {BASE}", title=title)
    for name in took:
        ratio = f"{wall[name] / wall[BASE]:.2f}"
        table.add_row(name, f"{wall[name]:.1f}", f"{used[name]:.1f}", ratio)
    Console().print(table)


def _print_rates(frames: int, short: dict[str, list[Took]], long: dict[str, list[Took]]) -> None:
    table = Table("command", "frames a second", title=f"of the last {frames} frames")
    for name in long:
        start, whole = (statistics.median(t.wall for t in of[name]) for of in (short, long))
        table.add_row(name, f"{frames / max(whole - start, 1e-9):.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
