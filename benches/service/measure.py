"""The service beside the command, and the API under load, in one run.

Starts target/release/stampede in a temporary folder. Needs `make large`, wrk, djpeg, and an idle machine.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORT = 8192
URL = f"http://127.0.0.1:{PORT}"
COUNT = int(os.environ.get("COUNT", "200"))
RUNS = int(os.environ.get("RUNS", "3"))


def call(method, path, body=None, token=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, method=method)
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def send_form(form, content):
    line = uuid.uuid4().hex
    parts = [
        f'--{line}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form["fields"]
    ]
    head = f'--{line}\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
    body = b"".join([*parts, head, content, f"\r\n--{line}--\r\n".encode()])
    request = urllib.request.Request(form["url"], body, method="POST")
    request.add_header("content-type", f"multipart/form-data; boundary={line}")
    urllib.request.urlopen(request).close()


def upload(files, token):
    ids = []
    for start in range(0, len(files), 100):
        some = files[start : start + 100]
        named = [{"name": f.name, "bytes": f.stat().st_size, "type": "image/jpeg"} for f in some]
        forms = call("POST", "/pictures", {"pictures": named}, token)["pictures"]
        for file, form in zip(some, forms):
            send_form(form["upload"], file.read_bytes())
            ids.append(form["id"])
        call("POST", "/pictures/confirm", {"ids": [form["id"] for form in forms]}, token)
    return ids


def job(ids, token, settings):
    began = time.perf_counter()
    made = call("POST", "/jobs", {"pictures": ids, "stamp": "built-in:logo", "settings": settings}, token)
    while True:
        now = call("GET", f"/jobs/{made['id']}", None, token)
        if now["status"] == "finished":
            break
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    assert now["counts"]["done"] == len(ids), now
    return seconds, made["id"]


def command(files, settings, folder):
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    stamp = ROOT / "fixtures/stamps/logo.svg"
    out = pathlib.Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    subprocess.run(
        [ROOT / "target/release/stamp", *files, "--stamp", stamp, *options, "--out", out, "--quiet"],
        check=True,
    )
    seconds = time.perf_counter() - began
    subprocess.run(["rm", "-r", out], check=True)
    return seconds


def serve(folder, log, *options, before=()):
    """The service, once it answers."""
    program = [ROOT / "target/release/stampede", "--data", f"{folder}/data", "--address", f"127.0.0.1:{PORT}"]
    environment = {**os.environ, "STAMPEDE_RATE": "1000000", "STAMPEDE_LOG": "warn"}
    service = subprocess.Popen([*before, *program, *options], env=environment, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(URL + "/health").close()
            return service
        except OSError:
            assert service.poll() is None and time.monotonic() < deadline, "the service does not answer"
            time.sleep(0.05)


def stop(service):
    service.terminate()
    service.wait()


def wrk(path, token, script=None):
    words = ["wrk", "-t1", "-c16", "-d10s", "--latency", "-H", f"Authorization: Bearer {token}"]
    if script:
        words += ["-s", script]
    said = subprocess.run([*words, URL + path], check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    p99 = re.search(r"99%\s+(\S+)", said)[1]
    bad = re.search(r"Non-2xx.*?(\d+)", said)
    return f"{rate:,.0f} a second, p99 {p99}" + (f", {bad[1]} REFUSED" if bad else "")


def one_core():
    return ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def previews(file, picture, token):
    """Of a place of its own each time, in turn with libjpeg-turbo's own decoder on the same picture: how fast the
    machine is just then."""
    times, decodes = [], []
    for run in range(11):
        wanted = {"picture": picture, "stamp": "built-in:logo", "size": 1024, "settings": {"margin": f"{run}px"}}
        request = urllib.request.Request(f"{URL}/preview", json.dumps(wanted).encode(), method="POST")
        request.add_header("content-type", "application/json")
        request.add_header("authorization", f"Bearer {token}")
        began = time.perf_counter()
        urllib.request.urlopen(request).read()
        times.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        subprocess.run([*one_core(), "djpeg", "-outfile", "/dev/null", file], check=True)
        decodes.append(1000 * (time.perf_counter() - began))
    told = [f"{statistics.median(all):.0f} ms, {min(all):.0f} to {max(all):.0f}" for all in (times, decodes)]
    return f"{told[0]} (djpeg {told[1]})"


def main():
    large = sorted((ROOT / "fixtures/large").glob("12mp-*.jpg"))
    if not large:
        sys.exit("run `make large` first")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        files = []
        for number in range(COUNT):
            source = large[number % len(large)]
            file = pathlib.Path(folder, f"{number:03}-{source.name}")
            # A last byte of its own behind the end, so that no two are the same object.
            file.write_bytes(source.read_bytes() + number.to_bytes(2, "big"))
            files.append(file)
        log = open(pathlib.Path(folder, "log"), "w")
        service = serve(folder, log)
        try:
            token = call("POST", "/sessions")["token"]
            began = time.perf_counter()
            ids = upload(files, token)
            print(f"{COUNT} pictures of 12 MP uploaded and looked at in {time.perf_counter() - began:.1f} s")
            for name, settings in [("splice", {}), ("to WebP", {"format": "webp"})]:
                pairs = []
                for run in range(RUNS):
                    # Another margin each time: what was made before is not made again.
                    own = {**settings, "margin": f"{20 + run}px"}
                    some = slice(0, COUNT if name == "splice" else max(10, COUNT // 10))
                    service_time, last = job(ids[some], token, own)
                    pairs.append((service_time, command(files[some], own, folder)))
                ratio = statistics.median(cli / served for served, cli in pairs)
                told = ", ".join(f"{served:.2f}:{cli:.2f}" for served, cli in pairs)
                print(f"{name}: {ratio:.2f} of the command's rate (seconds, service:command {told})")
            print("GET /jobs/ID:", wrk(f"/jobs/{last}", token))
            script = pathlib.Path(folder, "create.lua")
            script.write_text(
                'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                f"wrk.body = '{json.dumps({'pictures': ids[:1], 'stamp': 'built-in:logo'})}'\n"
            )
            stop(service)
            service = serve(folder, log, "--stampers", "0")
            print("POST /jobs, nobody stamping:", wrk("/jobs", token, script))
            stop(service)
            service = serve(folder, log, "--stampers", "0", before=one_core())
            print("POST /preview of 12 MP, on one core:", previews(files[0], ids[0], token))
        finally:
            stop(service)


main()
