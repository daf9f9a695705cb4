"""The stamper's Lambda beside the command: the size of its ZIP, its start, and CPU time of a picture in a warm batch.

Needs `make package`, `make large` and `cargo build --release --bin stamp`. The Lambda runs as AWS runs it: its own
program, told what to do by the Lambda Runtime API, from and to an S3 server (ministack).
"""

import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "target/package/stamper/bootstrap.zip"
# As many as SQS hands to a Lambda at once.
BATCH = 10
ROUNDS = int(os.environ.get("ROUNDS", "5"))


def example(crate, name, *arguments, **variables):
    words = ["cargo", "run", "--quiet", "--locked", "-p", crate, "--example", name, "--", *map(str, arguments)]
    return subprocess.run(
        words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    ).stdout.strip()


def command(pictures, folder):
    """Milliseconds of CPU for each of ten batches' pictures, in one run of one thread."""
    files = [folder / f"{number:03}.jpg" for number in range(10 * BATCH)]
    for number, file in enumerate(files):
        if not file.exists():
            os.link(pictures[number % BATCH], file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        subprocess.run(
            [
                *(ROOT / "target/release/stamp", *files, "--stamp", ROOT / "fixtures/stamps/logo.svg"),
                *("--out", out, "--jobs", "1", "--quiet"),
            ],
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return 1000 * spent / len(files)


def main():
    # A progressive picture is written whole, which is another job.
    large = sorted(file for file in (ROOT / "fixtures/large").glob("12mp-*.jpg") if "progressive" not in file.name)
    if not PACKAGE.exists() or not large:
        sys.exit("run `make package` and `make large` first")
    print(f"stamper's ZIP: {PACKAGE.stat().st_size:,} bytes")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as home:
        folder = pathlib.Path(home)
        bootstrap = pathlib.Path(zipfile.ZipFile(PACKAGE).extract("bootstrap", folder))
        bootstrap.chmod(0o755)
        # Of what it is told at its start, nothing is asked before the first event.
        started = example(
            *("stampede-emulators", "init", bootstrap),
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_REGION="us-east-1",
            STAMPEDE_QUEUE="http://127.0.0.1:9/queue",
            STAMPEDE_DEAD_LETTERS="http://127.0.0.1:9/dead",
            STAMPEDE_BUCKETS="a,b,c",
            STAMPEDE_CALLBACK="http://127.0.0.1:9/callback",
            STAMPEDE_SECRET="0123456789abcdef0123456789abcdef",
        )
        print(f"its start: {started}")
        pictures = []
        for number in range(BATCH):
            picture = folder / f"picture-{number}.jpg"
            # A last byte of its own behind the end, so that no two are the same object.
            picture.write_bytes(large[number % len(large)].read_bytes() + bytes([number]))
            pictures.append(picture)
        pairs = []
        for _ in range(ROUNDS):
            said = example("stampede-stamper", "batch", bootstrap, *pictures)
            pairs.append((float(re.match(r"[\d.]+", said)[0]), command(pictures, folder)))
            print("a picture: {:.1f} ms of CPU in the Lambda, {:.1f} in the command".format(*pairs[-1]), flush=True)
        ratio = statistics.median(warm / alone for warm, alone in pairs)
        print(f"{ratio:.2f} times the command's CPU time")


main()
