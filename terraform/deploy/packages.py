"""The Lambdas' ZIPs, and the authorities that RDS's certificates are signed by."""

import os
import shutil
import subprocess
import urllib.request
import zipfile
from pathlib import Path

LAMBDAS = ("middleware", "stamper", "sweeper")


def make(root: Path, target) -> Path:
    """The folder that they are in."""
    if os.environ.get("PROFILE") == "dev":
        return of_tests(root, target)
    subprocess.run(["make", "--no-print-directory", "package", f"ARCH={target.architecture()}"], cwd=root, check=True)
    return root / "target" / "package"


def of_tests(root: Path, target) -> Path:
    """Of the binaries that `make unit` has built, without what a debugger needs."""
    folder = target.folder / "package"
    for name in LAMBDAS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        bare = folder / name / "bootstrap"
        subprocess.run(["strip", "-o", bare, root / "target" / "debug" / name], check=True)
        with zipfile.ZipFile(folder / name / "bootstrap.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            # A time of its own would make the same binary another package.
            member = zipfile.ZipInfo("bootstrap")
            member.external_attr = 0o100755 << 16
            archive.writestr(member, bare.read_bytes(), zipfile.ZIP_DEFLATED)
        bare.unlink()
    return folder


def certificates(folder: Path, region: str) -> Path:
    """A layer with RDS's authorities of a region (Amazon RDS User Guide, "Certificate bundles by AWS Region")."""
    made = folder / "certificates.zip"
    if not made.exists():
        place = f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"
        with urllib.request.urlopen(place, timeout=30) as bundle:
            content = bundle.read()
        unfinished = made.with_suffix(".part")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("rds.pem"), content)
        shutil.move(unfinished, made)
    return made
