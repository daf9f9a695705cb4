#!/usr/bin/env python3
"""What a month costs, from AWS's prices and what was measured here.

Usage: costs.py            prints the table of terraform/README.md
       costs.py --check    says whether that file holds it
       costs.py --write    puts it there
"""

import sys
from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"
BEGIN, END = "<!-- costs.py begins -->\n", "<!-- costs.py ends -->\n"

# Dollars, without VAT and free tiers but CloudFront's and the internet's first gigabytes; us-east-1, on demand, as
# https://aws.amazon.com/pricing lists them, read on 2026-11-26 as others quote them (this was written off line).
HOURS = 730
PRICES = {
    "Lambda, arm64, a GB-second": 0.0000133334,
    "Lambda, x86_64, a GB-second": 0.0000166667,
    "Lambda, a call": 0.20e-6,
    "S3, a PUT or POST": 5e-6,
    "S3, a GET or HEAD": 0.4e-6,
    "S3, a GB-month": 0.023,
    "SQS, a request": 0.40e-6,
    "HTTP API, a request": 1.00e-6,
    "logs, a GB": 0.50,
    "internet, a GB": 0.09,
    "NAT gateway, an hour": 0.045,
    "NAT gateway, a GB": 0.045,
    "public address, an hour": 0.005,
    "t4g.nano, an hour": 0.0042,
    "interface endpoint in a zone, an hour": 0.01,
    "db.t4g.micro, an hour": 0.016,
    "db.m7g.large, an hour": 0.168,
    "RDS Proxy, a core and hour": 0.015,
    "gp3 of RDS, a GB-month": 0.115,
    "secret, a month": 0.40,
    "alarm, a month": 0.10,
    "metric, a month": 0.30,
}
FREE_INTERNET_GB = 100

# A picture of 12 megapixels, JPEG, as fixtures/large has them.
PICTURE_GB = 4.6e-3
# Of the stamper's processor, in a warm batch of ten: 12.5 to 13.3 ms (benches/service/lambdas.py).
STAMP_SECONDS = 0.0133
# Assumed: a Lambda reads and writes 75 MB/s, which AWS does not promise. The slower of the two is what is paid for.
NETWORK_GB_A_SECOND = 0.075
MEMORY_GB = 1769 / 1024
BATCH = 10
# What a visitor's browser asks for each picture's sake: parts of a batch's upload, confirmation, job and progress.
REQUESTS = 0.5
REQUEST_SECONDS = 0.010
LOG_GB = 1.5e-6


def minimal(pictures: float) -> dict:
    hour = HOURS * PRICES["t4g.nano, an hour"] + HOURS * PRICES["public address, an hour"]
    database = HOURS * PRICES["db.t4g.micro, an hour"] + 20 * PRICES["gp3 of RDS, a GB-month"]
    return {
        "Network": hour,
        "Database": database,
        **watching(secrets=3, alarms=13),
        **each(pictures, kept_days=7),
    }


def production(pictures: float) -> dict:
    network = HOURS * (PRICES["NAT gateway, an hour"] + PRICES["public address, an hour"])
    network += 2 * 2 * HOURS * PRICES["interface endpoint in a zone, an hour"]
    database = 2 * HOURS * PRICES["db.m7g.large, an hour"] + 2 * 100 * PRICES["gp3 of RDS, a GB-month"]
    database += 2 * HOURS * PRICES["RDS Proxy, a core and hour"]
    return {
        "Network": network,
        "Database": database,
        **watching(secrets=3, alarms=13),
        **each(pictures, kept_days=30),
    }


def watching(secrets: int, alarms: int) -> dict:
    metrics = 8 * PRICES["metric, a month"]
    return {"Secrets, alarms, metrics": secrets * PRICES["secret, a month"] + alarms * PRICES["alarm, a month"] + metrics}


def each(pictures: float, kept_days: float) -> dict:
    seconds = max(STAMP_SECONDS, PICTURE_GB / NETWORK_GB_A_SECOND)
    calls = pictures * (1 / BATCH + REQUESTS + 2 / BATCH)
    lambdas = pictures * seconds * MEMORY_GB * PRICES["Lambda, arm64, a GB-second"] + calls * PRICES["Lambda, a call"]
    lambdas += pictures * (REQUESTS + 2 / BATCH) * REQUEST_SECONDS * MEMORY_GB * PRICES["Lambda, arm64, a GB-second"]
    # Uploaded, copied to a key of its own and written; looked at twice by the middleware and once by the stamper, read,
    # and downloaded.
    requests = pictures * (3 * PRICES["S3, a PUT or POST"] + 5 * PRICES["S3, a GET or HEAD"])
    queue = pictures * 3 / BATCH * PRICES["SQS, a request"]
    # Two reports of a batch, besides what browsers ask.
    api = pictures * (REQUESTS + 2 / BATCH) * PRICES["HTTP API, a request"]
    return {
        "Lambda": lambdas,
        "S3, requests": requests,
        "S3, what is kept": 2 * pictures * PICTURE_GB * kept_days / 30 * PRICES["S3, a GB-month"],
        "SQS and API Gateway": queue + api,
        "Logs": pictures * LOG_GB * PRICES["logs, a GB"],
        "Downloads": max(0.0, pictures * PICTURE_GB - FREE_INTERNET_GB) * PRICES["internet, a GB"],
    }


def table() -> str:
    columns = [("minimal", 1e4, minimal), ("minimal", 1e6, minimal), ("production", 1e8, production)]
    bills = [bill(pictures) for _, pictures, bill in columns]
    heads = [f"`{name}`, {pictures:,.0f} pictures" for name, pictures, _ in columns]
    lines = ["| Dollars a month | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(columns)]
    for part in bills[0]:
        lines.append(f"| {part} | " + " | ".join(f"{bill[part]:,.2f}" for bill in bills) + " |")
    lines.append("| **All** | " + " | ".join(f"**{sum(bill.values()):,.2f}**" for bill in bills) + " |")
    without = [sum(bill.values()) - bill["Downloads"] for bill in bills]
    cents = [f"{100 * cost / pictures * 1000:,.1f}" for cost, (_, pictures, _) in zip(without, columns)]
    lines.append("| Cents for 1,000 pictures, without downloads | " + " | ".join(cents) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    text, asked = README.read_text(), sys.argv[1:]
    before, rest = text.split(BEGIN)
    held, after = rest.split(END)
    if asked == ["--write"]:
        README.write_text(before + BEGIN + table() + END + after)
    elif asked == ["--check"]:
        if held != table():
            sys.exit("the costs in terraform/README.md are not those of costs.py: run terraform/costs.py --write")
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
