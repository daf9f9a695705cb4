"""What is asked of every tool: the jobs, and the pictures and stamps they are about.

One job stands in the middle (12 MP JPEG, a stamp of 600×600 at the bottom right, one core); each other job differs from
it in one thing. All stamps have an alpha of 0.8 at most, in the file, so that no tool has to scale it.
"""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
LARGE = ROOT / "fixtures" / "large"
LOGO = ROOT / "fixtures" / "stamps" / "logo.png"
PHOTOS = ["picosdeeuropa", "aitzgorri", "life", "seeding", "sunset", "fig"]
MARGIN = 60
OPACITY = 0.8
STAMPS = {"small": 100, "medium": 600, "tiled": 200}

Image.MAX_IMAGE_PIXELS = None  # the pictures are ours


@dataclass(frozen=True)
class Job:
    """Sizes in megapixels; `source` and `target` are formats by their file's ending."""

    name: str
    megapixels: int = 12
    source: str = "jpg"
    target: str = "jpg"
    stamp: str = "medium"
    place: str = "bottom right"
    cores: int = 1
    count: int = 12
    quality: int = 85
    """Of the JPEG that goes in. What is written has 85: of a picture that had no more, little is left to lose."""
    quick: bool = False
    """PNG is compressed as quickly as each tool can be told to, and not as it does unasked."""


MIDDLE = Job("12 MP JPEG")
JOBS = [
    MIDDLE,
    replace(MIDDLE, name="1 MP JPEG", megapixels=1, count=96),
    replace(MIDDLE, name="48 MP JPEG", megapixels=48, count=4),
    replace(MIDDLE, name="small stamp", stamp="small"),
    replace(MIDDLE, name="tiled stamp", stamp="tiled", place="everywhere"),
    replace(MIDDLE, name="top left", place="top left"),
    replace(MIDDLE, name="top right", place="top right"),
    replace(MIDDLE, name="centre", place="centre"),
    replace(MIDDLE, name="bottom left", place="bottom left"),
    replace(MIDDLE, name="all cores", cores=os.cpu_count() or 1, count=24),
    replace(MIDDLE, name="from quality 92", quality=92),
    replace(MIDDLE, name="PNG to PNG", source="png", target="png", count=2),
    replace(MIDDLE, name="PNG to PNG, quickly", source="png", target="png", count=2, quick=True),
    replace(MIDDLE, name="WebP to WebP", source="webp", target="webp", count=2),
    replace(MIDDLE, name="JPEG to WebP", target="webp", count=2),
]


def stamp(kind: str, home: Path) -> Path:
    """The stamp's file, made when it is first asked for."""
    path = home / f"stamp-{kind}.png"
    if not path.exists():
        logo = Image.open(LOGO).convert("RGBA").resize((STAMPS[kind],) * 2, Image.Resampling.LANCZOS)
        logo.putalpha(logo.getchannel("A").point(lambda alpha: round(alpha * OPACITY)))
        logo.save(path)
    return path


def layer(size: tuple[int, int], home: Path) -> Path:
    """The tiled stamp as one file of the picture's size, for tools that cannot repeat one."""
    path = home / f"layer-{size[0]}x{size[1]}.png"
    if not path.exists():
        tile = np.asarray(Image.open(stamp("tiled", home)))
        across, down = -(-size[0] // tile.shape[1]), -(-size[1] // tile.shape[0])
        Image.fromarray(np.tile(tile, (down, across, 1))[: size[1], : size[0]]).save(path, compress_level=1)
    return path


def places(job: Job, size: tuple[int, int]) -> list[tuple[int, int]]:
    """The top left corners of the stamp in a picture of this size."""
    side = STAMPS[job.stamp]
    if job.place == "everywhere":
        return [(x, y) for y in range(0, size[1], side) for x in range(0, size[0], side)]
    free = [length - side for length in size]
    if job.place == "centre":
        return [(free[0] // 2, free[1] // 2)]
    down, across = job.place.split()
    x = MARGIN if across == "left" else free[0] - MARGIN
    y = MARGIN if down == "top" else free[1] - MARGIN
    return [(x, y)]


def pictures(job: Job, home: Path) -> list[Path]:
    """The job's pictures, a copy each, of one size; made when they are first asked for."""
    folder = home / f"{job.megapixels}mp-{job.quality}-{job.source}"
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number}.{job.source}" for number in range(job.count)]
    for number, file in enumerate(files):
        if not file.exists():
            shutil.copyfile(_picture(PHOTOS[number % len(PHOTOS)], job, home), file)
    return files


def _picture(photo: str, job: Job, home: Path) -> Path:
    if job.megapixels == 48:
        return LARGE / f"48mp.{job.source}"
    if job.megapixels == 12 and (job.source, job.quality) in (("jpg", 85), ("png", 85)):
        return LARGE / f"12mp-{photo}.{job.source}"
    path = home / f"{job.megapixels}mp-{job.quality}-{photo}.{job.source}"
    if not path.exists():
        image = Image.open(LARGE / f"12mp-{photo}.png")
        if job.megapixels == 1:
            image = image.resize((1152, 864), Image.Resampling.LANCZOS)
        options = {"jpg": {"quality": job.quality, "subsampling": 2}, "webp": {"quality": 82, "method": 2}}
        image.save(path, **options[job.source])
    return path
