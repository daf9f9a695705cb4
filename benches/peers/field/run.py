"""Every tool at every job, in one run; `make peers` calls it.

usage: run.py [--rounds N] [--job NAME]... [--tool NAME]... [--output FILE]

Jobs that are named are measured anew, and take the place of their earlier results in the file.

In each round the tools take turns, so that what the machine does meanwhile falls on all of them; a round before them warms
up and is not counted. All files are in memory (/dev/shm). What was measured is written as JSON, which report.py reads.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

from PIL import Image

import jobs
import quality
from tools import TOOLS, Task

RESULTS = jobs.ROOT / "benches" / "results" / "field.json"


def main() -> None:
    arguments = parse()
    found = {"date": date.today().isoformat(), "machine": machine(), "rounds": arguments.rounds, "versions": {}, "jobs": []}
    tools = [tool for tool in TOOLS if not arguments.tool or tool.name in arguments.tool]
    for tool in tools:
        found["versions"][tool.name] = said(tool.version)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as home:
        for job in jobs.JOBS:
            if not arguments.job or job.name in arguments.job:
                files = jobs.pictures(job, Path(home))
                found["jobs"].append({
                    **vars(job),
                    "source_bytes": sum(file.stat().st_size for file in files) / len(files),
                    "tools": contest(job, tools, arguments.rounds, Path(home)),
                })
    if arguments.job and arguments.output.exists():
        found = merged(json.loads(arguments.output.read_text()), found)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Every tool at every job.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--job", action="append")
    parser.add_argument("--tool", action="append")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.tool and arguments.output == RESULTS:
        parser.error("some tools are no whole result: say --output, too")
    return arguments


def merged(earlier: dict, found: dict) -> dict:
    """`found` with the jobs of before that it has not, in their order."""
    anew = {job["name"]: job for job in found["jobs"]}
    kept = [anew.pop(job["name"], job) for job in earlier["jobs"]]
    return {**found, "versions": {**earlier["versions"], **found["versions"]}, "jobs": [*kept, *anew.values()]}


def contest(job: jobs.Job, tools: list, rounds: int, home: Path) -> list[dict]:
    files = jobs.pictures(job, home)
    with Image.open(files[0]) as first:
        size = first.size
    layer = jobs.layer(size, home) if job.stamp == "tiled" else None
    out = home / "out"
    task = Task(files, size, jobs.stamp(job.stamp, home), layer, jobs.places(job, size), job.target, job.quick, job.cores, out)
    found = {tool.name: {"tool": tool.name, "seconds": [], "cpu": [], "peak": []} for tool in tools}
    judged: dict[str, Path] = {}
    for number in range(rounds + 1):
        for tool in tools:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            seconds, cpu, peak = timed(tool, task, home)
            mine = found[tool.name]
            if number == 0:
                results = [out / f"{file.stem}.{job.target}" for file in files]
                mine["bytes"] = sum(result.stat().st_size for result in results) / len(results)
                judged[tool.name] = results[0].rename(home / f"judged-{tool.name}{results[0].suffix}")
                continue
            mine["seconds"].append(round(seconds / len(files), 6))
            mine["cpu"].append(round(cpu / len(files), 6))
            mine["peak"].append(peak)
            print(f"{job.name} {number}/{rounds}: {tool.name}: {seconds / len(files) * 1000:.1f} ms", file=sys.stderr)
    shutil.rmtree(out)
    # Behind all that is timed, the first picture of each tool is held against the exact composite.
    with ProcessPoolExecutor() as pool:
        asked = {
            name: pool.submit(quality.compare, files[0], result, task.stamp, task.places) for name, result in judged.items()
        }
    for name, compared in asked.items():
        found[name]["quality"] = compared.result()
        judged[name].unlink()
    return list(found.values())


def timed(tool, task: Task, home: Path) -> tuple[float, float, int]:
    """Wall and CPU seconds, and the peak resident memory of the largest process in KiB."""
    # A process inherits the peak of the one that it is forked from; that of `time` is small.
    note = home / "time"
    command = ["/usr/bin/time", "-f", "%M", "-o", note, *tool.command(task, home)]
    if task.cores == 1:
        command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]
    said_wrong = home / "stderr"
    with open(said_wrong, "wb") as stderr:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], env={**os.environ, **tool.variables},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{tool.name} failed: {said_wrong.read_text(errors='replace')[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, int(note.read_text().split()[-1])


def said(command: list) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].strip()


def machine() -> dict:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    memory = next(line.split()[1] for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    system = next(line.split("=")[1].strip().strip('"') for line in open("/etc/os-release") if line.startswith("PRETTY_NAME"))
    return {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count(),
            "memory": round(int(memory) / 2**20), "system": f"{system}, Linux {platform.release().split('-')[0]}"}


if __name__ == "__main__":
    main()
