"""libvips through pyvips. It reads, composites and writes a picture by lines. A picture at a time on one core; on several,
as many at a time as there are, each on one thread, which is faster than several threads on one picture."""

import json
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyvips

OPTIONS = {"jpg": {"Q": 85, "subsample_mode": "on"}, "png": {}, "webp": {"Q": 80, "effort": 2}}


def work(task, stamp, file):
    options = {"compression": 2, "filter": "up"} if task["quick"] else OPTIONS[task["target"]]
    x, y = (0, 0) if task["tiled"] else task["places"][0]
    picture = pyvips.Image.new_from_file(file, access="sequential")
    stamped = picture.composite2(stamp, "over", x=x, y=y)
    if not picture.hasalpha():
        stamped = stamped.extract_band(0, n=3)
    stamped.write_to_file(str(Path(task["out"]) / f"{Path(file).stem}.{task['target']}"), **options)


if __name__ == "__main__":
    if sys.argv[1] == "--version":
        print(f"{'.'.join(str(pyvips.version(part)) for part in range(3))}, Python {platform.python_version()}")
        sys.exit()
    task = json.load(open(sys.argv[1]))
    pyvips.cache_set_max(0)
    stamp = pyvips.Image.new_from_file(task["layer"] if task["tiled"] else task["stamp"]).copy_memory()
    with ThreadPoolExecutor(task["cores"]) as pool:
        list(pool.map(lambda file: work(task, stamp, file), task["files"]))
