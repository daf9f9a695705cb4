"""The tools, and how each does a job at its best honest settings.

A tool does all files of a job in one process where it can, and its start is part of its time. Its own threads are off
where the job is for one core. Quality is 85 for JPEG, with the Huffman tables of the standard; 80 for WebP,
with libwebp's method 2 where a tool lets it be chosen (OpenCV does not). PNG is as each tool makes it unasked, or, in the
job that says so, as quickly as it can be told to without the file outgrowing the one that came in by more than about a tenth.
"""

import json
import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[3]
WORKERS = Path(__file__).resolve().parent / "workers"
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
NODE = ROOT / ".venv-node" / "bin" / "node"
STAMP = ROOT / "target" / "release" / "stamp"


@dataclass(frozen=True)
class Task:
    """A job as a tool is given it: files of one size, the stamp's file, its corners, and where the results go."""

    files: list[Path]
    size: tuple[int, int]
    stamp: Path
    layer: Path | None
    """The tiled stamp as one file of the picture's size, where the job is tiled."""
    places: list[tuple[int, int]]
    target: str
    quick: bool
    cores: int
    out: Path


Command = Callable[[Task, Path], list]
"""Gives the command line; the folder is for a file that it reads its orders from."""


def worker(*program) -> Command:
    """A program of ours that uses the tool's library; it reads the task as JSON."""

    def command(task: Task, home: Path) -> list:
        orders = home / "task.json"
        orders.write_text(json.dumps({**vars(task), "tiled": task.layer is not None}, default=str))
        return [*program, orders]

    return command


def stamp(whole: bool) -> Command:
    """`whole`: a JPEG is decoded and encoded whole, at the quality of all others; a splice keeps its own."""

    def command(task: Task, _home: Path) -> list:
        x, y = task.places[0]
        where = ["--at", f"{x},{y}", "--size", "original", *(["--tile=0px,0"] if task.layer else [])]
        jpeg = ["--path", "pixel", "--quality", 85] if whole else []
        target = {"jpg": ["jpeg", *jpeg], "png": ["png"], "webp": ["webp", "--quality", 80]}[task.target]
        return [STAMP, *task.files, "--stamp", task.stamp, *where, "--format", *target,
                "--jobs", task.cores, "--out", task.out, "--overwrite", "--quiet"]

    return command


def side_by_side(command: Command) -> Command:
    """For programs whose own threads are of no help: as many of them as there are cores share the files."""

    def shared(task: Task, home: Path) -> list:
        if task.cores == 1:
            return command(task, home)
        lines = []
        for core in range(task.cores):
            folder = home / f"share-{core}"
            folder.mkdir(exist_ok=True)
            share = replace(task, files=task.files[core :: task.cores], cores=1)
            lines.append(shlex.join(map(str, command(share, folder))) + ' & all="$all $!"\n')
        script = home / "side-by-side.sh"
        script.write_text("".join(lines) + "for one in $all; do wait $one || exit 1; done\n")
        return ["sh", script]

    return shared


def _imagemagick() -> str:
    """Version 7's name, or those of version 6: Debian's own, for `convert` may be another's."""
    return next(filter(shutil.which, ("magick", "convert-im6.q16", "convert")), "convert")


def imagemagick(task: Task, _home: Path) -> list:
    """The stamp is read once. Version 6 knows no tiled picture with alpha: the layer is read instead."""
    x, y = (0, 0) if task.layer else task.places[0]
    options = {"jpg": ["-quality", 85, "-sampling-factor", "4:2:0", "-define", "jpeg:optimize-coding=false"],
               "png": "-define png:compression-level=1 -define png:compression-filter=5 -define png:compression-strategy=2".split()
               if task.quick else [],
               "webp": ["-quality", 80, "-define", "webp:method=2"]}[task.target]
    line = [_imagemagick(), "-limit", "thread", task.cores, task.layer or task.stamp, "-write", "mpr:over", "+delete"]
    for file in task.files:
        over = [file, "mpr:over", "-geometry", f"+{x}+{y}", "-composite"]
        line += ["(", *over, *options, "-write", _result(task, file), "+delete", ")"]
    # It wants something to be left to write.
    return [*line, "-size", "1x1", "xc:black", "null:"]


def graphicsmagick(task: Task, home: Path) -> list:
    x, y = task.places[0]
    over = f"-tile {task.stamp}" if task.layer else f"-geometry +{x}+{y} {task.stamp}"
    options = {"jpg": "-quality 85 -sampling-factor 2x2 -define jpeg:optimize-coding=false", "png": "-quality 15" if task.quick else "",
               "webp": "-quality 80 -define webp:method=2"}[task.target]
    orders = home / "orders.gm"
    lines = [f"composite {options} {over} {file} {_result(task, file)}\n" for file in task.files]
    orders.write_text("".join(lines))
    return ["gm", "batch", "-stop-on-error", "on", orders]


def ffmpeg(task: Task, _home: Path) -> list:
    """It knows no JPEG quality: a quantiser scale of 2, its best, makes the files that are next to the others' in size."""
    x, y = (0, 0) if task.layer else task.places[0]
    options = {"jpg": ["-q:v", 2, "-huffman", "default"], "png": ["-pred", "sub", "-compression_level", 1] if task.quick else ["-pred", "mixed"], "webp": ["-quality", 80, "-compression_level", 2]}[task.target]
    mix = {"png": "overlay={}:{}:format=gbrp"}.get(task.target, "overlay={}:{}:format=yuv420").format(x, y)
    source = task.files[0].suffix
    return ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-threads", task.cores, "-filter_complex_threads", task.cores,
            "-framerate", 1, "-start_number", 0, "-i", task.files[0].parent / f"%d{source}", "-i", task.layer or task.stamp,
            "-filter_complex", mix, "-frames:v", len(task.files), "-start_number", 0, *options, "-threads", task.cores,
            *(["-c:v", "libwebp"] if task.target == "webp" else []), "-f", "image2", task.out / f"%d.{task.target}"]


@dataclass(frozen=True)
class Tool:
    name: str
    command: Command
    version: Command
    variables: dict
    """Of the environment."""


def _tool(name: str, command: Command, version: list, **variables) -> Tool:
    return Tool(name, command, version, variables)


TOOLS = [
    _tool("stamp, splice", stamp(whole=False), [STAMP, "--version"]),
    _tool("stamp, pixel path", stamp(whole=True), [STAMP, "--version"]),
    _tool("sharp", worker(NODE, WORKERS / "sharp.mjs"), [NODE, WORKERS / "sharp.mjs", "--version"]),
    _tool("libvips", worker(PYTHON, WORKERS / "vips.py"), [PYTHON, WORKERS / "vips.py", "--version"], VIPS_CONCURRENCY="1"),
    _tool("OpenCV", worker(PYTHON, WORKERS / "opencv.py"), [PYTHON, WORKERS / "opencv.py", "--version"]),
    _tool("Pillow", worker(PYTHON, WORKERS / "pillow.py"), [PYTHON, WORKERS / "pillow.py", "--version"]),
    _tool("ImageMagick", side_by_side(imagemagick), [_imagemagick(), "-version"], OMP_NUM_THREADS="1"),
    _tool("GraphicsMagick", side_by_side(graphicsmagick), ["gm", "version"], OMP_NUM_THREADS="1"),
    _tool("ffmpeg", ffmpeg, ["ffmpeg", "-version"]),
]


def _result(task: Task, file: Path) -> Path:
    return task.out / f"{file.stem}.{task.target}"


