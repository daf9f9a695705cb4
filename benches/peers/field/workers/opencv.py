"""OpenCV. NumPy composites the stamp's rectangle, with the stamp made ready once."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np

job = json.load(open(sys.argv[1]))
cv2.setNumThreads(job["threads"])
stamp = cv2.imread(job["stamp"], cv2.IMREAD_UNCHANGED).astype(np.float32)
alpha = stamp[:, :, 3:] / 255
colour, keep = stamp[:, :, :3] * alpha + 0.5, 1 - alpha
height, width = alpha.shape[:2]
options = {"jpg": [cv2.IMWRITE_JPEG_QUALITY, 85], "png": [], "webp": [cv2.IMWRITE_WEBP_QUALITY, 80]}[job["format"]]
for file in job["files"]:
    picture = cv2.imread(file)
    for x, y in job["places"]:
        # A tile may hang over the edge.
        under = picture[y : y + height, x : x + width]
        high, wide = under.shape[:2]
        under[:] = (under * keep[:high, :wide] + colour[:high, :wide]).astype(np.uint8)
    cv2.imwrite(str(Path(job["out"]) / f"{Path(file).stem}.{job['format']}"), picture, options)
