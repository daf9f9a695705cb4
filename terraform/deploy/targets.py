"""Where Stampede is brought to."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import boto3

from local_parts import Parts


class Target:
    """What both have in common."""

    def __init__(self, root: Path, name: str, example: str):
        self.root, self.example = root, example
        self.folder = root / "target" / "deploy" / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def environment(self) -> dict:
        return {**os.environ, "TF_IN_AUTOMATION": "1"}

    def architecture(self) -> str:
        return os.environ.get("ARCH", "aarch64")

    def terraform_architecture(self) -> str:
        return {"aarch64": "arm64"}.get(self.architecture(), self.architecture())

    def region(self) -> str:
        return os.environ.get("TF_VAR_region", "eu-west-1")

    def client(self, service: str):
        return boto3.client(service, region_name=self.region())

    def state(self) -> list:
        return []


class Aws(Target):
    """The account that AWS's own variables and files name."""

    def __init__(self, root: Path, example: str):
        super().__init__(root, f"aws-{example}", example)

    def start(self) -> None:
        """Nothing: it is AWS's."""

    def stop(self) -> None:
        """Nothing: it is AWS's."""

    def is_there(self) -> bool:
        return True

    def needs_certificates(self) -> bool:
        """RDS's, unless the database is somebody else's."""
        return os.environ.get("TF_VAR_external_database") != "true"

    def agreed(self) -> bool:
        if os.environ.get("YES") == "1":
            return True
        if not sys.stdin.isatty():
            raise RuntimeError("nobody is there to agree to this plan; set YES=1")
        return input("Apply this plan? (yes) ").strip() == "yes"

    def agreed_to_destroy(self) -> bool:
        """Otherwise terraform itself asks."""
        return os.environ.get("YES") == "1"

    def tell(self, made: dict) -> None:
        print(f"\nThe site: {made['site']}\nThe API:  {made['api']}/docs\nTo look at it: {made['dashboard']}")


class LocalAws(Target):
    """An emulator of AWS, PostgreSQL and a server of Pusher's protocol, all on loopback."""

    def __init__(self, root: Path, example: str):
        super().__init__(root, "local-aws", example)
        self.parts = Parts(root, self.folder)

    def start(self) -> None:
        if self.parts.start():
            # What an emulator held is gone with it.
            (self.folder / "terraform.tfstate").unlink(missing_ok=True)

    def stop(self) -> None:
        left = self.left()
        self.parts.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if left:
            raise RuntimeError(f"destroyed, but the account still held {', '.join(left)}")
        print("Nothing is left.")

    def is_there(self) -> bool:
        return self.parts.are_running()

    def needs_certificates(self) -> bool:
        return False

    def agreed(self) -> bool:
        return True

    agreed_to_destroy = agreed

    def architecture(self) -> str:
        return platform.machine()

    def region(self) -> str:
        return "us-east-1"

    def state(self) -> list:
        return [f"-state={self.folder / 'terraform.tfstate'}"]

    def environment(self) -> dict:
        return {
            **super().environment(),
            "TF_DATA_DIR": str(self.folder / "terraform"),
            "AWS_ENDPOINT_URL": self.parts.emulator,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TF_VAR_region": self.region(),
            "TF_VAR_emulator": self.parts.emulator,
            "TF_VAR_nat": "gateway",
            "TF_VAR_pusher": self.parts.app_as_json(),
            "TF_VAR_pusher_cluster": self.parts.live,
            "TF_VAR_external_database": "true",
            "TF_VAR_database_url": self.parts.database,
        }

    def client(self, service: str):
        return boto3.client(
            service,
            region_name=self.region(),
            endpoint_url=self.parts.emulator,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def tell(self, made: dict) -> None:
        print(f"\nThe site: {made['site']}\nThe API:  {made['api']}/docs\n\nWhat runs now:")
        for what, names in self.running().items():
            print(f"  {what:<24} {', '.join(names)}")
        print("\n`make destroy TARGET=local-aws` takes it away.")

    def running(self) -> dict:
        """What an account's owner would find in AWS's console."""
        queues = self.client("sqs").list_queues().get("QueueUrls", [])
        apis = self.client("apigatewayv2").get_apis()["Items"]
        distributions = self.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
        functions = self.client("cloudfront").list_functions()["FunctionList"].get("Items", [])
        ec2 = self.client("ec2")
        of_ours = [{"Name": "is-default", "Values": ["false"]}]
        vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=of_ours)["Vpcs"]]
        # Asked twice to create one, as after an answer that was lost, an emulator passes over the client's token and
        # makes two. AWS keeps a VPC for as long as a gateway lies in it, so that none outlives its own.
        gateways = [
            nat["NatGatewayId"]
            for nat in ec2.describe_nat_gateways()["NatGateways"]
            if nat["State"] != "deleted" and nat["VpcId"] in vpcs
        ]
        found = {
            "CloudFront": [distribution["DomainName"] for distribution in distributions],
            "CloudFront functions": sorted({function["Name"] for function in functions}),
            "API Gateway": [api["Name"] for api in apis],
            "Lambda": [function["FunctionName"] for function in self.client("lambda").list_functions()["Functions"]],
            "SQS": [url.rsplit("/", 1)[-1] for url in queues],
            "S3": [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]],
            "Secrets Manager": [secret["Name"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]],
            "EventBridge Scheduler": [one["Name"] for one in self.client("scheduler").list_schedules()["Schedules"]],
            "IAM roles": [role["RoleName"] for role in self.client("iam").list_roles()["Roles"]],
            "VPC": vpcs,
            "NAT gateways": gateways,
            "CloudWatch alarms": [
                alarm["AlarmName"] for alarm in self.client("cloudwatch").describe_alarms()["MetricAlarms"]
            ],
            "CloudWatch logs": [group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]],
        }
        return {what: names for what, names in found.items() if names}

    def left(self) -> list:
        return [f"{what}: {name}" for what, names in self.running().items() for name in names]
