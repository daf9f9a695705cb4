#!/usr/bin/env python3
"""RDS with its proxy, and CloudFront, applied for real to moto, looked at by AWS's own client, and destroyed."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "terraform" / "deploy"))

import local_parts  # noqa: E402

TESTS = ROOT / "terraform" / "tests" / "moto"
HOME = tempfile.TemporaryDirectory()


def setUpModule():
    """One moto for all, with no memory of an earlier one."""
    unittest.addModuleCleanup(HOME.cleanup)
    port = local_parts.port(0)
    server = [ROOT / ".venv-moto" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with open(Path(HOME.name) / "log", "wb") as log:
        moto = subprocess.Popen(server, cwd=HOME.name, stdout=log, stderr=log)
    unittest.addModuleCleanup(moto.wait)
    unittest.addModuleCleanup(moto.terminate)
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
        TF_IN_AUTOMATION="1",
    )
    deadline = time.monotonic() + 60
    while not local_parts.answers(port):
        assert moto.poll() is None and time.monotonic() < deadline, "moto does not start"
        time.sleep(0.05)


class Module:
    """One of terraform's modules in a folder of its own under tests/moto."""

    def __init__(self, name: str):
        self.folder = TESTS / name
        self.environment = {**os.environ, "TF_DATA_DIR": f"{HOME.name}/{name}"}
        self.state = f"-state={HOME.name}/{name}.tfstate"
        self.run([ROOT / "terraform" / "init", self.folder])

    def run(self, command: list) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done.stdout

    def terraform(self, *arguments: str) -> str:
        return self.run(["terraform", f"-chdir={self.folder}", *arguments])


class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.module = Module("database")
        cls.module.terraform("apply", "-auto-approve", "-input=false", cls.module.state)
        made = json.loads(cls.module.terraform("output", "-json", cls.module.state))
        cls.made = {name: one["value"] for name, one in made.items()}
        cls.rds = boto3.client("rds")

    def test_1_the_database_is_private_encrypted_and_behind_its_proxy(self):
        database = self.rds.describe_db_instances()["DBInstances"][0]
        self.assertFalse(database["PubliclyAccessible"])
        self.assertTrue(database["StorageEncrypted"] and database["MultiAZ"])
        proxy = self.rds.describe_db_proxies()["DBProxies"][0]
        self.assertTrue(proxy["RequireTLS"])
        self.assertEqual(self.made["database"], f"postgres://{proxy['Endpoint']}:5432/stampede")
        self.assertTrue(self.made["login"].startswith("arn:aws:secretsmanager:"))

    def test_2_destroy_leaves_nothing(self):
        self.module.terraform("destroy", "-auto-approve", "-input=false", self.module.state)
        self.assertEqual(self.rds.describe_db_instances()["DBInstances"], [])


class Site(unittest.TestCase):
    """Part of it must be overridden, which only `terraform test` can do; it applies, asserts and destroys by itself."""

    def test_1_the_distribution_is_applied_and_destroyed(self):
        module = Module("site")
        done = module.terraform("test", "-no-color")
        self.assertIn("2 passed, 0 failed", done)

    def test_2_nothing_is_left(self):
        self.assertNotIn("Items", boto3.client("cloudfront").list_distributions()["DistributionList"])
        self.assertEqual(boto3.client("s3").list_buckets()["Buckets"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
