#!/usr/bin/env python3
"""Brings Stampede to AWS or to an emulator of it on this machine, and takes it away again.

Usage: deploy.py deploy|destroy aws|local-aws. Each step can be repeated: what is there already stays.

EXAMPLE   which of terraform/examples (minimal)
ARCH      x86_64 or aarch64 (the example's, or this machine's for local-aws)
PROFILE   `dev`: Lambdas as `make unit` has built them, for a test behind it (`lambda`)
YES       1: apply without asking
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import packages
import site_files
import smoke
from targets import Aws, LocalAws, Target

ROOT = Path(__file__).resolve().parents[2]


def say(what: str) -> None:
    print(f"== {what}", flush=True)


def terraform(target: Target, *arguments: str) -> None:
    folder = ROOT / "terraform" / "examples" / target.example
    subprocess.run(["terraform", f"-chdir={folder}", *arguments], env=target.environment(), check=True)


def init(target: Target) -> None:
    folder = ROOT / "terraform" / "examples" / target.example
    command = [ROOT / "terraform" / "init", folder, "-backend=true", "-reconfigure"]
    subprocess.run(command, env=target.environment(), check=True, stdout=subprocess.DEVNULL)


def outputs(target: Target) -> dict:
    folder = ROOT / "terraform" / "examples" / target.example
    command = ["terraform", f"-chdir={folder}", "output", "-json", *target.state()]
    told = subprocess.run(command, env=target.environment(), check=True, capture_output=True).stdout
    return {name: output["value"] for name, output in json.loads(told).items()}


def deploy(target: Target) -> None:
    say("the machine's own parts")
    target.start()
    say("packages")
    folder = packages.make(ROOT, target)
    say("site")
    subprocess.run(["make", "--no-print-directory", "site-files"], cwd=ROOT, check=True)
    say("plan")
    init(target)
    variables = [f"-var=packages={folder}", f"-var=architecture={target.terraform_architecture()}"]
    if target.needs_certificates():
        variables.append(f"-var=certificates={packages.certificates(target.folder, target.region())}")
    plan = str(target.folder / "plan")
    terraform(target, "plan", "-input=false", f"-out={plan}", *target.state(), *variables)
    if not target.agreed():
        raise RuntimeError("nothing was changed")
    say("apply")
    terraform(target, "apply", "-input=false", *target.state(), plan)
    made = outputs(target)
    say("migrate")
    migrate(target, made["lambdas"]["sweeper"])
    say("site to its bucket")
    site_files.upload(target, ROOT / "front-end" / "dist", made["buckets"]["site"], made["distribution"])
    say("smoke test")
    smoke.test(made["site"], ROOT / "fixtures" / "pictures" / "variants" / "baseline-420.jpg")
    target.tell(made)


def migrate(target: Target, function: str) -> None:
    answer = target.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"do": "migrate"}))
    said = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        raise RuntimeError(f"the database could not be brought to this version's form: {said}")
    print(said)


def destroy(target: Target) -> None:
    if not target.is_there():
        return print("there is nothing to destroy")
    init(target)
    say("destroy")
    # What is only to be deleted needs no true value.
    unused = {"TF_VAR_pusher": '{"id":"-","key":"-","secret":"-"}', **target.environment()}
    folder = ROOT / "terraform" / "examples" / target.example
    command = ["terraform", f"-chdir={folder}", "destroy", "-input=false", *target.state()]
    approved = ["-auto-approve"] if target.agreed_to_destroy() else []
    subprocess.run([*command, *approved, f"-var=packages={target.folder}"], env=unused, check=True)
    target.stop()


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in ("deploy", "destroy") or sys.argv[2] not in ("aws", "local-aws"):
        sys.exit(__doc__)
    target = (Aws if sys.argv[2] == "aws" else LocalAws)(ROOT, os.environ.get("EXAMPLE", "minimal"))
    (deploy if sys.argv[1] == "deploy" else destroy)(target)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(map(str, error.cmd[:3]))} … failed ({error.returncode}); what it said stands above")
    except RuntimeError as error:
        sys.exit(str(error))
