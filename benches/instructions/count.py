#!/usr/bin/env python3
"""Counts the instructions of the engine's innermost parts under valgrind, and compares them with those that are committed.

Usage: count.py            says what grew by more than 5 %, and fails if something did
       count.py --write    writes the counts as those to compare with

Instructions do not depend on what else the machine does, but on the compiler and on the processor's vectors. This crate is
built by the compiler that the committed counts are of, where that is there; where it or the vectors are others, nothing
is compared.
"""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASELINE = Path(__file__).resolve().parent / "baseline.json"
ALLOWED = 1.05
PARTS = ("kernel", "walk", "copy", "splice")


def main() -> None:
    write = sys.argv[1:] == ["--write"]
    committed = None if write else json.loads(BASELINE.read_text())
    toolchain = [] if write else toolchain_of(committed["compiler"])
    program = built(toolchain)
    found = {"compiler": compiler(toolchain), "processor": processor()}
    for what, mine in found.items():
        if not write and committed[what] != mine:
            print(f"*** SKIPPED, NOT PASSED: counted with {mine}, but the baseline with {committed[what]} ***")
            return
    counts = {part: counted(program, part, 2) - counted(program, part, 1) for part in PARTS}
    if write:
        BASELINE.write_text(json.dumps({**found, "instructions": counts}, indent=2) + "\n")
        return
    grown = []
    for part, count in counts.items():
        ratio = count / committed["instructions"][part]
        print(f"{part:8} {count:>14,}  {100 * (ratio - 1):+.2f} %")
        if ratio > ALLOWED:
            grown.append(part)
    if grown:
        sys.exit(f"more instructions than allowed: {', '.join(grown)}; if that is meant, `make instructions-baseline`")


def toolchain_of(wanted: str) -> list[str]:
    """What to say to cargo and rustc to have this compiler: nothing where it is the usual one, or is not there."""
    named = ["+" + wanted.split()[1]]
    if compiler([]) != wanted and subprocess.run(["rustc", *named, "--version"], capture_output=True).returncode == 0:
        return named
    return []


def built(toolchain: list[str]) -> Path:
    """It is the engine without its default features, of which the compiler may warn of nothing."""
    command = ["cargo", *toolchain, "build", "--profile", "counted", "-p", "stampede-instructions", "--locked"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "RUSTFLAGS": "-D warnings"})
    if done.returncode != 0:
        sys.exit(done.returncode)
    return ROOT / "target" / "counted" / "stampede-instructions"


def counted(program: Path, part: str, times: int) -> int:
    """Of all of the process that does the part so many times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, part, str(times)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return int(found[1])


def compiler(toolchain: list[str]) -> str:
    done = subprocess.run(["rustc", *toolchain, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split("(")[0].strip()


def processor() -> str:
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split()
    return platform.machine() + (" with AVX2" if "avx2" in flags else "")


if __name__ == "__main__":
    main()
