#!/usr/bin/env python3
"""The whole system applied to an emulator of AWS, used as its visitors use it, and taken away again.

Run by `make cloud`, behind `make unit`, whose Lambdas it packs as they are; the site it builds by itself.
"""

import json
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "terraform" / "deploy"))

import deploy  # noqa: E402
from listener import Listener  # noqa: E402
from smoke import Visitor  # noqa: E402
from targets import LocalAws  # noqa: E402

PICTURES = ROOT / "fixtures" / "pictures" / "variants"
PATIENCE = 120


class WholeSystem(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = LocalAws(ROOT, "minimal")
        cls.addClassCleanup(cls.take_away)
        deploy.deploy(cls.target)
        cls.made = deploy.outputs(cls.target)
        cls.addClassCleanup(cls.show_what_went_wrong)

    @classmethod
    def show_what_went_wrong(cls):
        """The Lambdas' own warnings, which are gone with the emulator."""
        logs = cls.target.client("logs")
        for name in cls.made["lambdas"].values():
            group = f"/aws/lambda/{name}"
            for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
                events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], limit=10000)
                for line in "\n".join(event["message"] for event in events["events"]).splitlines():
                    if '"level":"WARN"' in line or '"level":"ERROR"' in line or "Task timed out" in line:
                        print(f"{name}: {line[:800]}")

    @classmethod
    def take_away(cls):
        # It ends with an error where anything is left.
        deploy.destroy(cls.target)
        assert not cls.target.parts.are_running()

    def test_a_browser_uploads_stamps_and_downloads(self):
        node = ROOT / ".venv-node" / "bin"
        environment = {**os.environ, "STAMPEDE_URL": self.made["site"], "PATH": f"{node}:{os.environ['PATH']}"}
        # Once in a dozen runs a picture stayed "processing" until its visibility timeout, and no Lambda's log said why.
        story = ["npx", "playwright", "test", "story", "--retries=1", "--grep", "stamped where the stamp was put"]
        subprocess.run(story, cwd=ROOT / "front-end", env=environment, check=True)

    def test_a_broken_picture_fails_alone_and_its_owner_is_told_why(self):
        visitor = Visitor(self.made["site"])
        whole = (PICTURES / "baseline-420.jpg").read_bytes()
        ids = [visitor.upload("whole.jpg", whole), visitor.upload("cut.jpg", whole[: len(whole) // 2])]
        visitor.call("POST", "/pictures/confirm", {"ids": ids})
        listener = Listener(visitor)
        job = visitor.call("POST", "/jobs", {"pictures": ids, "stamp": "built-in:badge"})
        told = listener.hears(lambda change: change["job"] == job["id"] and change["counts"]["failed"] == 1, PATIENCE)
        self.assertEqual(told["counts"]["failed"], 1)
        listener.close()
        visitor.finished(job["id"])
        items = visitor.call("GET", f"/jobs/{job['id']}/items")["items"]
        self.assertEqual([item["state"] for item in items], ["done", "failed"])
        self.assertIn("damaged JPEG", items[1]["reason"])

    def test_only_a_path_of_no_file_and_no_route_leads_to_the_page(self):
        visitor = Visitor(self.made["site"])
        for path in ("/", "/nowhere", "/no/where"):
            page = visitor.get(path)
            self.assertEqual((page.status, b'id="root"' in page.data), (200, True), path)
        missing = visitor.get("/assets/missing.js")
        self.assertIn(missing.status, (403, 404))
        self.assertNotIn(b'id="root"', missing.data)
        # What the API forbids stays forbidden on the way through CloudFront.
        visitor.headers = {"Cookie": "stampede_session=x", "Sec-Fetch-Site": "cross-site"}
        forbidden = visitor.request("POST", "/jobs", json={})
        self.assertEqual((forbidden.status, forbidden.headers["content-type"]), (403, "application/problem+json"))

    def test_a_poisoned_message_goes_to_the_dead_letters(self):
        self.pause_the_sweeper()
        sqs = self.target.client("sqs")
        sqs.send_message(QueueUrl=self.made["queues"]["tasks"], MessageBody='{"version": 99}')
        deadline = time.monotonic() + PATIENCE
        found = []
        while not found and time.monotonic() < deadline:
            received = sqs.receive_message(
                QueueUrl=self.made["queues"]["dead_letters"], WaitTimeSeconds=5, MessageAttributeNames=["All"]
            )
            found = [one for one in received.get("Messages", []) if one["Body"] == '{"version": 99}']
        self.assertTrue(found, "it was not buried")
        self.assertIn("version", found[0]["MessageAttributes"]["reason"]["StringValue"])

    def pause_the_sweeper(self):
        """It empties the dead letters, and would be sooner there than we are once in a while."""
        scheduler = self.target.client("scheduler")
        told = ("Name", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
        schedule = {name: value for name, value in scheduler.get_schedule(Name="stampede-sweep").items() if name in told}
        scheduler.update_schedule(**schedule, State="DISABLED")
        self.addCleanup(lambda: scheduler.update_schedule(**schedule, State="ENABLED"))

    def test_nobody_reads_a_bucket_or_a_secret(self):
        import boto3
        from botocore.exceptions import ClientError

        stranger = {"aws_access_key_id": "stranger", "aws_secret_access_key": "stranger"}
        for service, call in (
            ("s3", lambda client: client.list_objects_v2(Bucket=self.made["buckets"]["originals"])),
            ("secretsmanager", lambda client: client.get_secret_value(SecretId="stampede-signing")),
        ):
            client = boto3.client(service, region_name="us-east-1", endpoint_url=self.target.parts.emulator, **stranger)
            with self.assertRaises(ClientError, msg=service):
                call(client)

    def test_no_secret_is_in_the_state_or_in_a_lambdas_variables(self):
        state = (self.target.folder / "terraform.tfstate").read_text()
        secret = self.target.client("secretsmanager").get_secret_value(SecretId="stampede-signing")["SecretString"]
        hidden = [json.loads(secret)["STAMPEDE_SECRET"], self.target.parts.known["secret"]]
        hidden.append(self.target.parts.known["password"])
        functions = json.dumps(self.target.client("lambda").list_functions(), default=str)
        for value in hidden:
            self.assertGreaterEqual(len(value), 32)
            self.assertNotIn(value, state)
            self.assertNotIn(value, functions)

    def test_what_is_there_stays_when_it_is_deployed_again(self):
        folder = self.target.folder / "package"
        changes = self.plan("minimal", f"-var=packages={folder}", *self.target.state())
        # The emulator forgets parts of some, so that those are written again.
        forgotten = ("aws_cloudwatch_metric_alarm", "aws_cloudfront_response_headers_policy", "aws_flow_log")
        changed = {name: what for name, what in changes.items() if what != ["no-op"]}
        others = {name: what for name, what in changed.items() if not any(kind in name for kind in forgotten)}
        self.assertEqual(others, {})

    def test_the_production_example_can_be_planned(self):
        changes = self.plan("production", "-var=email=ops@stamp.example")
        self.assertTrue(all(what in (["create"], ["read"]) for what in changes.values()))
        for kind in ("aws_db_instance", "aws_db_proxy", "aws_nat_gateway", "aws_vpc_endpoint"):
            self.assertTrue(any(f"{kind}." in name for name in changes), kind)

    def test_lambdas_without_a_way_out_are_refused(self):
        with self.assertRaises(subprocess.CalledProcessError) as refused:
            self.plan("minimal", "-var=nat=none", external_database="false")
        self.assertIn("reach neither Pusher nor the API", " ".join(refused.exception.stderr.split()))

    def plan(self, example: str, *arguments: str, **variables: str) -> dict:
        """What would be done to which resource."""
        folder, file = ROOT / "terraform" / "examples" / example, self.target.folder / f"{example}.plan"
        environment = {**self.target.environment(), "TF_DATA_DIR": str(self.target.folder / f"data-{example}")}
        environment.update({f"TF_VAR_{name}": value for name, value in variables.items()})
        environment["TF_VAR_architecture"] = self.target.terraform_architecture()

        def run(*command) -> str:
            return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

        run(ROOT / "terraform" / "init", folder)
        terraform = ("terraform", f"-chdir={folder}")
        run(*terraform, "plan", "-input=false", "-no-color", "-lock=false", f"-out={file}", *arguments)
        planned = json.loads(run(*terraform, "show", "-json", str(file)))
        return {change["address"]: change["change"]["actions"] for change in planned["resource_changes"]}


if __name__ == "__main__":
    unittest.main(verbosity=2)
