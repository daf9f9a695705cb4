"""The tools of the field, and how each does a job at its best honest settings.

A job is files, a stamp whose alpha is ready (0.8 at most), places of its top left corner, a format and a number of threads.
Every tool does all files of a job in one process where it can; its start is part of the time.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WORKERS = Path(__file__).resolve().parent / "workers"
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
STAMP = ROOT / "target" / "release" / "stamp"
SHARP = ROOT / "benches" / "peers" / "field" / "sharp"


def worker(program: list, **variables):
    def command(job: dict, home: Path):
        file = home / "job.json"
        file.write_text(json.dumps(job))
        return [*program, file], {name: str(value(job)) for name, value in variables.items()}

    return command


def stamp(*more):
    """Tiles are its own: one layer for each place would be another job."""

    def command(job: dict, home: Path):
        where = []
        for x, y in job["places"]:
            where += ["--stamp", job["stamp"], "--size", "original", "--at", f"{x},{y}"]
        assert len(job["places"]) == 1 or not more or True
        files = [*job["files"]]
        if len(job["places"]) > 1:
            config = home / "layers.toml"
            layers = [f'[[layer]]\nstamp = "{job["stamp"]}"\nsize = "original"\nat = "{x},{y}"\n' for x, y in job["places"]]
            config.write_text("\n".join(layers))
            where = ["--config", config]
        kind = {"jpg": "jpeg"}.get(job["format"], job["format"])
        quality = {"jpg": ["--quality", "85"], "webp": ["--quality", "80"]}.get(job["format"], [])
        options = ["--format", kind, *quality, "--jobs", str(job["threads"]), "--out", job["out"], "--overwrite", "--quiet"]
        return [STAMP, *files, *where, *options, *more], {}

    return command
