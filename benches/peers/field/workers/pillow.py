"""Pillow. The stamp is composited on its own rectangle; the rest of the picture is not touched between the codecs."""

import json
import sys
from pathlib import Path

from PIL import Image

job = json.load(open(sys.argv[1]))
stamp = Image.open(job["stamp"]).convert("RGBA")
colour, alpha = stamp.convert("RGB"), stamp.getchannel("A")
options = {"jpg": {"quality": 85, "subsampling": 2}, "png": {}, "webp": {"quality": 80}}[job["format"]]
for file in job["files"]:
    with Image.open(file) as picture:
        picture.load()
        for x, y in job["places"]:
            picture.paste(colour, (x, y), alpha)
        picture.save(Path(job["out"]) / f"{Path(file).stem}.{job['format']}", **options)
