"""libvips through pyvips. It reads, composites and writes a picture by lines, with as many threads as VIPS_CONCURRENCY
says."""

import json
import sys
from pathlib import Path

import pyvips

OPTIONS = {"jpg": {"Q": 85, "subsample_mode": "on"}, "png": {}, "webp": {"Q": 80, "effort": 2}}

if __name__ == "__main__":
    if sys.argv[1] == "--version":
        print(".".join(str(pyvips.version(part)) for part in range(3)))
        sys.exit()
    task = json.load(open(sys.argv[1]))
    pyvips.cache_set_max(0)
    stamp = pyvips.Image.new_from_file(task["layer"] if task["tiled"] else task["stamp"]).copy_memory()
    options = {"compression": 2, "filter": "up"} if task["quick"] else OPTIONS[task["target"]]
    x, y = (0, 0) if task["tiled"] else task["places"][0]
    for file in task["files"]:
        picture = pyvips.Image.new_from_file(file, access="sequential")
        stamped = picture.composite2(stamp, "over", x=x, y=y)
        if not picture.hasalpha():
            stamped = stamped.extract_band(0, n=3)
        stamped.write_to_file(str(Path(task["out"]) / f"{Path(file).stem}.{task['target']}"), **options)
