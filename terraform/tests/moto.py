#!/usr/bin/env python3
"""RDS with its proxy applied for real to moto, looked at by AWS's own client, and destroyed."""

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

FOLDER = ROOT / "terraform" / "tests" / "moto"


class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        home = tempfile.TemporaryDirectory()
        cls.addClassCleanup(home.cleanup)
        port = local_parts.port(0)
        server = [ROOT / ".venv-moto" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
        with open(Path(home.name) / "log", "wb") as log:
            moto = subprocess.Popen(server, cwd=home.name, stdout=log, stderr=log)
        cls.addClassCleanup(moto.wait)
        cls.addClassCleanup(moto.terminate)
        deadline = time.monotonic() + 60
        while not local_parts.answers(port):
            assert moto.poll() is None and time.monotonic() < deadline, "moto does not start"
            time.sleep(0.05)
        cls.endpoint = f"http://127.0.0.1:{port}"
        cls.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": cls.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TF_DATA_DIR": f"{home.name}/data",
            "TF_IN_AUTOMATION": "1",
        }
        cls.state = f"-state={home.name}/terraform.tfstate"
        subprocess.run([ROOT / "terraform" / "init", FOLDER], env=cls.environment, check=True, stdout=subprocess.DEVNULL)
        cls.terraform("apply", "-auto-approve", "-input=false", cls.state)
        cls.made = {name: one["value"] for name, one in json.loads(cls.terraform("output", "-json", cls.state)).items()}

    @classmethod
    def terraform(cls, *arguments: str) -> str:
        done = subprocess.run(
            ["terraform", f"-chdir={FOLDER}", *arguments], env=cls.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done.stdout

    def client(self, service: str):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.endpoint, **keys)

    def test_1_the_database_is_private_encrypted_and_behind_its_proxy(self):
        database = self.client("rds").describe_db_instances()["DBInstances"][0]
        self.assertFalse(database["PubliclyAccessible"])
        self.assertTrue(database["StorageEncrypted"] and database["MultiAZ"])
        proxy = self.client("rds").describe_db_proxies()["DBProxies"][0]
        self.assertTrue(proxy["RequireTLS"])
        self.assertEqual(self.made["database"], f"postgres://{proxy['Endpoint']}:5432/stampede")
        self.assertTrue(self.made["login"].startswith("arn:aws:secretsmanager:"))

    def test_2_destroy_leaves_nothing(self):
        self.terraform("destroy", "-auto-approve", "-input=false", self.state)
        self.assertEqual(self.client("rds").describe_db_instances()["DBInstances"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
