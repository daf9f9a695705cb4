#!/usr/bin/env python3
"""Counts the instructions of the engine's innermost parts under valgrind, and compares them with those that are committed.

Usage: count.py PROGRAM            says what grew by more than 5 %, and fails if something did
       count.py PROGRAM --write    writes the counts as those to compare with

PROGRAM is this crate, which `make instructions` builds. Instructions do not depend on what else the
machine does, but on the compiler and on the processor's vectors: where those are others, nothing is compared.
"""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

BASELINE = Path(__file__).resolve().parent / "baseline.json"
ALLOWED = 1.05
PARTS = ("kernel", "walk", "copy", "splice")


def main() -> None:
    program, write = sys.argv[1], sys.argv[2:] == ["--write"]
    counts = {part: counted(program, part, 2) - counted(program, part, 1) for part in PARTS}
    found = {"compiler": compiler(), "processor": processor(), "instructions": counts}
    if write:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
        return
    committed = json.loads(BASELINE.read_text())
    for what in ("compiler", "processor"):
        if committed[what] != found[what]:
            print(f"*** SKIPPED, NOT PASSED: counted with {found[what]}, but the baseline with {committed[what]} ***")
            return
    grown = []
    for part, count in counts.items():
        ratio = count / committed["instructions"][part]
        print(f"{part:8} {count:>14,}  {100 * (ratio - 1):+.2f} %")
        if ratio > ALLOWED:
            grown.append(part)
    if grown:
        sys.exit(f"more instructions than allowed: {', '.join(grown)}; if that is meant, `make instructions-baseline`")


def counted(program: str, part: str, times: int) -> int:
    """Of all of the process that does the part so many times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, part, str(times)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return int(found[1])


def compiler() -> str:
    done = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split("(")[0].strip()


def processor() -> str:
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    return platform.machine() + (" with AVX2" if "avx2" in flags else "")


if __name__ == "__main__":
    main()
