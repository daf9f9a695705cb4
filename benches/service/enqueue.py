"""How fast `stamp enqueue` fills a queue: an inventory's keys into SQS as ministack has it.

Needs `cargo build --release -p stamp-engine --features s3 --bin stamp`, and `.ci/set-up test` for the emulator.
Run it with `.venv-deploy/bin/python`, which has AWS's client.
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import boto3

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "terraform/deploy"))

import local_parts  # noqa: E402

COUNT = int(os.environ.get("COUNT", "50000"))


def main():
    with tempfile.TemporaryDirectory() as home:
        port = local_parts.port(0)
        os.environ.update(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_REGION="us-east-1",
            AWS_DEFAULT_REGION="us-east-1",
            TMPDIR=home,
        )
        with open(pathlib.Path(home, "log"), "wb") as log:
            emulator = subprocess.Popen(
                [ROOT / ".venv-ministack/bin/ministack"],
                env={**os.environ, "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"},
                cwd=home,
                stdout=log,
                stderr=log,
            )
        try:
            deadline = time.monotonic() + 60
            while not local_parts.answers(port):
                assert emulator.poll() is None and time.monotonic() < deadline, "ministack does not start"
                time.sleep(0.05)
            measure(home)
        finally:
            emulator.terminate()
            emulator.wait()


def measure(home):
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.create_bucket(Bucket="inventories")
    keys = "".join(f'"holiday","2026/{number}.jpg","51"\n' for number in range(COUNT))
    s3.put_object(Bucket="inventories", Key="1.csv.gz", Body=gzip.compress(keys.encode()))
    manifest = {
        "sourceBucket": "holiday",
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "1.csv.gz"}],
    }
    s3.put_object(Bucket="inventories", Key="manifest.json", Body=json.dumps(manifest))
    queue = sqs.create_queue(QueueName="tasks")["QueueUrl"]
    began = time.perf_counter()
    subprocess.run(
        [
            *(ROOT / "target/release/stamp", "enqueue", "s3://inventories/manifest.json", "--queue", queue),
            *("--out", "s3://out/", "--text", "© {index}", "--state", pathlib.Path(home, "state.json")),
        ],
        check=True,
    )
    seconds = time.perf_counter() - began
    asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    held = int(asked["Attributes"]["ApproximateNumberOfMessages"])
    assert held == COUNT, f"the queue holds {held}"
    print(f"{COUNT:,} messages in {seconds:.2f} s: {COUNT / seconds:,.0f} a second")


main()
