"""libvips through pyvips. It reads, composites and writes a picture line by line."""

import json
import sys
from pathlib import Path

import pyvips

job = json.load(open(sys.argv[1]))
stamp = pyvips.Image.new_from_file(job["stamp"]).copy_memory()
options = {"jpg": {"Q": 85, "subsample_mode": "on"}, "png": {}, "webp": {"Q": 80}}[job["format"]]
xs, ys = [x for x, _ in job["places"]], [y for _, y in job["places"]]
for file in job["files"]:
    picture = pyvips.Image.new_from_file(file, access="sequential")
    picture = picture.composite([stamp] * len(xs), "over", x=xs, y=ys)
    if job["format"] == "jpg":
        picture = picture.flatten()
    picture.write_to_file(str(Path(job["out"]) / f"{Path(file).stem}.{job['format']}"), **options)
