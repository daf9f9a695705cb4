"""OpenCV. NumPy composites the stamp's rectangle, with the stamp made ready once; a picture is read and written in turn
by a thread for each core, with OpenCV's own threads off (they do not help a codec)."""

import json
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

# Its PNG is quick unasked: level 1, runs alone.
OPTIONS = {"jpg": [cv2.IMWRITE_JPEG_QUALITY, 85], "png": [], "webp": [cv2.IMWRITE_WEBP_QUALITY, 80]}


def work(task, colour, keep, file):
    picture = cv2.imread(file)
    height, width = keep.shape[:2]
    for x, y in task["places"]:
        # A tile may hang over the edge.
        under = picture[y : y + height, x : x + width]
        high, wide = under.shape[:2]
        under[:] = (under * keep[:high, :wide] + colour[:high, :wide]).astype(np.uint8)
    cv2.imwrite(str(Path(task["out"]) / f"{Path(file).stem}.{task['target']}"), picture, OPTIONS[task["target"]])


if __name__ == "__main__":
    if sys.argv[1] == "--version":
        print(f"{cv2.__version__}, Python {platform.python_version()}")
        sys.exit()
    task = json.load(open(sys.argv[1]))
    cv2.setNumThreads(1)
    stamp = cv2.imread(task["stamp"], cv2.IMREAD_UNCHANGED).astype(np.float32)
    alpha = stamp[:, :, 3:] / 255
    colour, keep = stamp[:, :, :3] * alpha + 0.5, 1 - alpha
    with ThreadPoolExecutor(task["cores"]) as pool:
        list(pool.map(lambda file: work(task, colour, keep, file), task["files"]))
