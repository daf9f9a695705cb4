"""Pillow. The stamp is composited on its own rectangle; the rest of a picture is not touched between the codecs. It has
no threads of its own: on several cores, as many processes share the files."""

import json
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, __version__, features

OPTIONS = {"jpg": {"quality": 85, "subsampling": 2}, "png": {}, "webp": {"quality": 80, "method": 2}}


def work(task, files):
    stamp = Image.open(task["layer"] if task["tiled"] else task["stamp"]).convert("RGBA")
    colour, alpha = stamp.convert("RGB"), stamp.getchannel("A")
    options = {"compress_level": 1} if task["quick"] else OPTIONS[task["target"]]
    corners = [(0, 0)] if task["tiled"] else task["places"]
    for file in files:
        with Image.open(file) as picture:
            picture.load()
            for x, y in corners:
                picture.paste(colour, (x, y), alpha)
            picture.save(Path(task["out"]) / f"{Path(file).stem}.{task['target']}", **options)


if __name__ == "__main__":
    if sys.argv[1] == "--version":
        codecs = f"libjpeg-turbo {features.version('libjpeg_turbo')}, zlib-ng {features.version('zlib_ng')}"
        print(f"{__version__}, {codecs}, Python {platform.python_version()}")
        sys.exit()
    task = json.load(open(sys.argv[1]))
    cores, files = task["cores"], task["files"]
    if cores == 1:
        work(task, files)
    else:
        with ProcessPoolExecutor(cores) as pool:
            list(pool.map(work, [task] * cores, [files[i::cores] for i in range(cores)]))
