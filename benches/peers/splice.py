"""The splice path beside OpenCV and jpegtran, one thread each, file to file, in one run.

usage: splice.py [ROUNDS]   (run by `make peers-splice`)

Every tool does the same forty files in a row; the tools take turns in each round, so that what the
machine does meanwhile falls on all of them. OpenCV runs in this process, with its threads off, and
composites with the stamp's alpha at 0.8 under the stamp only. Files are in memory (/dev/shm).
Then the memory and the time of ever larger pictures, a process each.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LARGE = ROOT / "fixtures/large"
STAMP = ROOT / "target/release/stamp"
LOGO = ROOT / "fixtures/stamps/logo.png"
COUNT = 40


def opencv(files, out, place):
    logo = cv2.imread(str(LOGO), cv2.IMREAD_UNCHANGED).astype(np.float32)
    alpha = logo[:, :, 3:] * (0.8 / 255)
    colour = logo[:, :, :3] * alpha
    keep = 1 - alpha
    height, width = alpha.shape[:2]
    for file in files:
        picture = cv2.imread(str(file))
        y, x = (picture.shape[0] - height - 60, picture.shape[1] - width - 60) if place else (60, 60)
        under = picture[y : y + height, x : x + width]
        under[:] = (under * keep + colour + 0.5).astype(np.uint8)
        cv2.imwrite(str(out / file.name), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])


def stamp(files, out, at, *more):
    subprocess.run(
        [STAMP, *files, "--stamp", LOGO, "--size", "original", "--opacity", "0.8", "--at", at, "--margin",
         "60px", "--jobs", "1", "--out", out, "--overwrite", "--quiet", *more], check=True)


def jpegtran(files, out, *arguments):
    for file in files:
        subprocess.run(["jpegtran", "-copy", "all", *arguments, "-outfile", out / file.name, file], check=True)


def contest(rounds):
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as home:
        home = Path(home)
        out = home / "out"
        out.mkdir()

        def copies(name):
            folder = home / name
            folder.mkdir()
            return [Path(shutil.copy(LARGE / name, folder / f"{i}.jpg")) for i in range(COUNT)]

        plain = copies("12mp-picosdeeuropa.jpg")
        restart = copies("12mp-restart.jpg")
        progressive = copies("12mp-progressive.jpg")
        runs = {
            "OpenCV, bottom right": lambda: opencv(plain, out, True),
            "stamp, splice, bottom right": lambda: stamp(plain, out, "bottom-right"),
            "stamp, splice, top left": lambda: stamp(plain, out, "top-left"),
            "stamp, splice, restart markers, bottom right": lambda: stamp(restart, out, "bottom-right"),
            "stamp, pixel path": lambda: stamp(plain, out, "bottom-right", "--path", "pixel"),
            "jpegtran -copy all": lambda: jpegtran(plain, out),
            "jpegtran -copy all -progressive": lambda: jpegtran(progressive[:8], out, "-progressive"),
            "stamp, splice, progressive": lambda: stamp(progressive[:8], out, "bottom-right"),
        }
        times = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                count = 8 if "progressive" in name else COUNT
                start = time.perf_counter()
                run()
                times[name].append((time.perf_counter() - start) / count * 1000)
        yard = statistics.median(times["OpenCV, bottom right"])
        print(f"12 MP, 4:2:0, 600x600 stamp of alpha 0.8, file to file, one thread, {rounds} rounds of {COUNT}")
        print(f"OpenCV {cv2.__version__}\n")
        print("| | median | least and most | OpenCV's rate × |\n|---|---|---|---|")
        for name, each in times.items():
            median = statistics.median(each)
            print(f"| {name} | {median:.1f} ms | {min(each):.1f}–{max(each):.1f} ms | {yard / median:.1f} |")


def memory():
    """Peak resident memory and wall time of one process a picture."""
    print("\n| picture | in + out | peak memory | over in + out | time | a megapixel |\n|---|---|---|---|---|---|")
    for name, megapixels in [("12mp-picosdeeuropa", 12), ("48mp", 48), ("108mp", 108), ("504mp", 504)]:
        source = LARGE / f"{name}.jpg"
        if not source.exists():
            print(f"| {name} | not there: fixtures/make-variants --large-huge | | | | |")
            continue
        with tempfile.TemporaryDirectory(dir="/dev/shm") as home:
            out = Path(home) / "out.jpg"
            command = [STAMP, source, "--stamp", LOGO, "--size", "original", "--jobs", "1", "--output", out,
                       "--quiet", "--limit-pixels", "1000000000", "--limit-bytes", "4GiB"]
            subprocess.run(command, check=True)  # the stamp is in the cache, the file in memory
            out.unlink()
            # A process inherits the peak of the one it is forked from; that of `time` is small.
            timed = subprocess.run(["/usr/bin/time", "-f", "%M %e", *command], check=True,
                                   stderr=subprocess.PIPE, text=True)
            peak, elapsed = map(float, timed.stderr.split())
            peak = peak * 1024 / 1e6
            files = (source.stat().st_size + out.stat().st_size) / 1e6
            print(f"| {name} | {files:.1f} MB | {peak:.1f} MB | {peak - files:.1f} MB "
                  f"| {elapsed * 1000:.0f} ms | {elapsed * 1000 / megapixels:.2f} ms |")


if __name__ == "__main__":
    contest(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    memory()
