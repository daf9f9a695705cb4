"""What stands in for AWS, RDS and Pusher on this machine: ministack, PostgreSQL and our own server of Pusher's
protocol. They listen on loopback alone, outlive the command that started them, and are found again by a file."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 60


class Parts:
    def __init__(self, root: Path, folder: Path):
        self.root, self.folder, self.file = root, folder, folder / "parts.json"
        self.known = json.loads(self.file.read_text()) if self.file.exists() else {}

    @property
    def emulator(self) -> str:
        # Under this name browsers find what is below it, such as d1.cloudfront.localhost.
        return f"http://localhost:{self.known['ports']['emulator']}"

    @property
    def live(self) -> str:
        return f"http://127.0.0.1:{self.known['ports']['live']}"

    @property
    def database(self) -> str:
        password, port = self.known["password"], self.known["ports"]["database"]
        return f"postgres://stampede:{password}@127.0.0.1:{port}/postgres?sslmode=disable"

    def app_as_json(self) -> str:
        return json.dumps({"id": "stampede", "key": "stampede", "secret": self.known["secret"]})

    def are_running(self) -> bool:
        return bool(self.known) and all(is_alive(process) for process in self.known["processes"].values())

    def start(self) -> bool:
        """Whether they had to be."""
        if self.are_running():
            return False
        self.stop()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.known = {
            "ports": {"emulator": port(4566), "database": port(5433), "live": port(6001)},
            "processes": {},
            "password": secrets.token_hex(16),
            "secret": secrets.token_hex(16),
            "database": tempfile.mkdtemp(prefix="stampede-postgres-"),
            # It unpacks Lambdas there and leaves them.
            "temporary": tempfile.mkdtemp(prefix="stampede-emulator-"),
        }
        self.start_emulator()
        self.start_database()
        self.start_live()
        return True

    def start_emulator(self) -> None:
        self.run(
            "emulator",
            [self.root / ".venv-ministack" / "bin" / "ministack"],
            GATEWAY_PORT=str(self.known["ports"]["emulator"]),
            MINISTACK_HOST="localhost",
            BIND_HOST="127.0.0.1",
            # Signatures are checked, and every call against its role's policies: a permission that is missing shows.
            AUTH="true",
            TMPDIR=self.known["temporary"],
            # CloudFront's functions run in Node there.
            PATH=f"{self.root / '.venv-node' / 'bin'}:{os.environ['PATH']}",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
        )

    def start_database(self) -> None:
        folder = Path(self.known["database"])
        data, password = folder / "data", folder / "password"
        data.mkdir()
        password.write_text(self.known["password"])
        # PostgreSQL does not run as root.
        other = ["setpriv", "--reuid=nobody", "--clear-groups", "--inh-caps=-all"] if os.getuid() == 0 else []
        if other:
            for path in (folder, data, password):
                shutil.chown(path, "nobody")
        programs = postgres_programs()
        initdb = [programs / "initdb", "--username=stampede", "--encoding=UTF8", "--locale=C", "--no-sync"]
        initdb += ["--auth=scram-sha-256", f"--pwfile={password}", "-D", data]
        subprocess.run([*other, *initdb], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        command = [programs / "postgres", "-D", data, "-k", folder, "-p", str(self.known["ports"]["database"])]
        self.run("database", [*other, *command, "-c", "listen_addresses=127.0.0.1"])

    def start_live(self) -> None:
        # `make unit` has built it for a test.
        is_test = os.environ.get("PROFILE") == "dev"
        if not is_test:
            build = ["cargo", "build", "--quiet", "--locked", "--release", "-p", "stampede-live", "--bin", "live"]
            subprocess.run(build, cwd=self.root, check=True)
        program = self.root / "target" / ("debug" if is_test else "release") / "live"
        app = f"stampede:stampede:{self.known['secret']}@127.0.0.1:{self.known['ports']['live']}"
        self.run("live", [program], STAMPEDE_LIVE=app)

    def run(self, name: str, command: list, **variables: str) -> None:
        environment = {**{n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "TF_"))}, **variables}
        with open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self.known["processes"][name] = process.pid
        # At once: what has been started can be stopped even if the next does not start.
        self.file.write_text(json.dumps(self.known))
        self.await_port(name, process)

    def await_port(self, name: str, process: subprocess.Popen) -> None:
        deadline = time.monotonic() + PATIENCE
        while not answers(self.known["ports"][name]):
            if process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / f"{name}.log").read_text(errors="replace")[-1500:]
                self.stop()
                raise RuntimeError(f"the {name} does not start; it said:\n{said}")
            time.sleep(0.05)

    def stop(self) -> None:
        for process in self.known.get("processes", {}).values():
            end(process)
        for folder in ("database", "temporary"):
            if folder in self.known:
                shutil.rmtree(self.known[folder], ignore_errors=True)
        self.file.unlink(missing_ok=True)
        self.known = {}


def port(wanted: int) -> int:
    """That one, or another that is free."""
    for number in (wanted, 0):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", number))
                return listener.getsockname()[1]
            except OSError:
                continue
    raise RuntimeError("no port is free")


def answers(number: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", number)) == 0


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    # Ours and not taken away yet, where this command itself started it.
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[-1].split()[0] != "Z"


def end(process: int) -> None:
    """Its whole group: an emulator has Lambdas of its own."""
    for sign, patience in ((signal.SIGINT, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process, sign)
        except OSError:
            return
        deadline = time.monotonic() + patience
        while is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.05)


def postgres_programs() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    # Where Debian keeps them, apart for each version.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError("PostgreSQL is not installed; run `.ci/set-up deploy`")
    return found[-1].parent
