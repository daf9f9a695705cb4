#!/usr/bin/env python3
"""Dollars for a million 12 MP pictures on Lambda, for us and for sharp, from what `make peers` measured.

Usage: cost.py            prints benches/cost.md
       cost.py --check    says whether that file holds it
       cost.py --write    writes it
"""

import json
import sys
from pathlib import Path
from statistics import median

BENCHES = Path(__file__).resolve().parent
sys.path.append(str(BENCHES.parent / "terraform"))
from costs import BATCH, FREE_INTERNET_GB, NETWORK_GB_A_SECOND, PRICES  # noqa: E402: it lies elsewhere

PAGE = BENCHES / "cost.md"
PICTURES = 1_000_000
TOOLS = ("stamp, splice", "stamp, pixel path", "sharp")
ARCHITECTURES = ("x86_64", "arm64")
# What may be chosen, in MB, from the least that our own module allows on: a picture of 50 megapixels, or a stamp that is
# prepared, must find room, too. And what of it is a whole processor (AWS Lambda's documentation, "Configure memory").
MEMORIES = (512, 1024, 1769, 3008)
WHOLE_CORE = 1769
# The runtime, the SDK's connections and the function's own code beside what the tool takes.
RUNTIME_MB = 40
# CPU time of a picture for the runtime and S3's client: what benches/service/lambdas.py measures of the stamper's Lambda
# above the command. That of sharp's is supposed to be no more.
RUNTIME_SECONDS = 0.0012


def main() -> None:
    asked = sys.argv[1:]
    if asked == ["--write"]:
        PAGE.write_text(page())
    elif asked == ["--check"]:
        if PAGE.read_text() != page():
            sys.exit("benches/cost.md is not what cost.py says: run benches/cost.py --write")
    else:
        print(page(), end="")


def page() -> str:
    found = json.loads((BENCHES / "results" / "field.json").read_text())
    job = next(job for job in found["jobs"] if job["name"] == "12 MP JPEG")
    tools = {tool["tool"]: tool for tool in job["tools"]}
    read = job["source_bytes"] / 1e9
    lines = [
        "# What a million pictures cost",
        "",
        f"A million JPEGs of 12 MP, a stamp of 600×600, on Lambda in us-east-1, in dollars. Written by `benches/cost.py` from the",
        "CPU time and the memory in [results/field.json](results/field.json) and the prices in",
        "[terraform/costs.py](../terraform/costs.py), which says when and how they were read.",
        "",
        "| Lambda | Processor | Memory | A picture | Compute | Calls | S3 requests | SQS | **All but transfer** | Transfer |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for tool in (tools[name] for name in TOOLS):
        for architecture in ARCHITECTURES:
            lines.append(row(tool, architecture, read))
    return "\n".join([*lines, *notes()]) + "\n"


def row(tool: dict, architecture: str, read: float) -> str:
    cpu = median(tool["cpu"]) + RUNTIME_SECONDS
    peak = max(tool["peak"]) / 1024 + RUNTIME_MB
    moved = read + tool["bytes"] / 1e9
    price = PRICES[f"Lambda, {architecture}, a GB-second"]

    def seconds(memory: int) -> float:
        # Less memory is less of a processor, but no less of the network: nothing overlaps in a batch of one core.
        return cpu * WHOLE_CORE / memory + moved / NETWORK_GB_A_SECOND

    fitting = [memory for memory in MEMORIES if memory >= peak] or [MEMORIES[-1]]
    memory = min(fitting, key=lambda memory: memory * seconds(memory))
    compute = PICTURES * seconds(memory) * memory / 1024 * price
    calls = PICTURES / BATCH * PRICES["Lambda, a call"]
    requests = PICTURES * (PRICES["S3, a PUT or POST"] + PRICES["S3, a GET or HEAD"])
    # Sent, received and deleted, ten at a time.
    queue = 3 * PICTURES / BATCH * PRICES["SQS, a request"]
    transfer = (PICTURES * tool["bytes"] / 1e9 - FREE_INTERNET_GB) * PRICES["internet, a GB"]
    whole = compute + calls + requests + queue
    figures = " | ".join(f"{value:.2f}" for value in (compute, calls, requests, queue))
    return (f"| {tool['tool']} | {architecture} | {memory} MB | {seconds(memory) * 1000:.0f} ms | {figures} "
            f"| **{whole:.2f}** | {transfer:.0f} |")


def notes() -> list[str]:
    return [
        "",
        f"- Memory is the cheapest size from {MEMORIES[0]} MB on, the least that our module takes, that holds the tool's peak and {RUNTIME_MB} MB for",
        f"  the runtime. A smaller one gets less of a processor ({WHOLE_CORE} MB is a whole one), so that computing costs the same in",
        "  each; waiting for S3 is cheaper in a smaller one. By default the stamper has 1769 MB, for who waits for it: the table in",
        "  [terraform/README.md](../terraform/README.md#what-it-costs) counts that, and the whole system besides.",
        f"- To each tool's CPU time are added {RUNTIME_SECONDS * 1000:.1f} ms for the runtime and S3's client, as measured of our stamper.",
        f"- Reading and writing is assumed at {NETWORK_GB_A_SECOND * 1000:.0f} MB/s, which AWS does not promise; it is most of what the splice path costs.",
        "- The milliseconds were measured on the x86_64 processor of [RESULTS.md](RESULTS.md). The rows of arm64 suppose the",
        "  same ones there: none was at hand to measure on.",
        "- Both read and write each picture once. Transfer is the results' way to the internet, at its first price, and the same",
        "  for all who write files of that size; to readers inside of the region it costs nothing.",
    ]


if __name__ == "__main__":
    main()
