"""The site's files to their bucket."""

import mimetypes
from pathlib import Path

# Their names change with their content (`/assets/index-abc.js`).
FOREVER = "public, max-age=31536000, immutable"
# The page and what else keeps its name: asked for each time, and mostly not modified.
FRESH = "no-cache"


def upload(target, dist: Path, bucket: str, distribution: str) -> None:
    """New files before the page that names them, old ones when nothing names them any more."""
    s3 = target.client("s3")
    files = sorted(path for path in dist.rglob("*") if path.is_file())
    keys = {path.relative_to(dist).as_posix(): path for path in files}
    for key in sorted(keys, key=lambda key: (key == "index.html", key)):
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        cached = FOREVER if key.startswith("assets/") else FRESH
        s3.put_object(Bucket=bucket, Key=key, Body=keys[key].read_bytes(), ContentType=kind, CacheControl=cached)
    old = [{"Key": key} for key in listed(s3, bucket) if key not in keys]
    for start in range(0, len(old), 1000):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": old[start : start + 1000], "Quiet": True})
    changed = {"Quantity": 1, "Items": ["/*"]}
    reference = str(max((int(path.stat().st_mtime_ns) for path in files), default=0))
    target.client("cloudfront").create_invalidation(
        DistributionId=distribution, InvalidationBatch={"Paths": changed, "CallerReference": reference}
    )
    print(f"{len(keys)} files, {len(old)} old ones deleted")


def listed(s3, bucket: str):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            yield found["Key"]
