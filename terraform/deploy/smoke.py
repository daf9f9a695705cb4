"""One picture through the whole system, as a browser would send it."""

import json
import time
from pathlib import Path

import urllib3

from listener import Listener

PATIENCE = 120


class Visitor:
    """Somebody with a session, at the site's address."""

    def __init__(self, site: str):
        # urllib3 does not know that names below localhost are this machine.
        self.site, self.headers = site, {}
        self.http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=10, read=60), retries=False)
        token = self.call("POST", "/sessions")["token"]
        self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self.request("GET", path)

    def request(self, method: str, path: str, **more) -> urllib3.BaseHTTPResponse:
        place, host = reachable(self.site)
        headers = {**self.headers, **host, **more.pop("headers", {})}
        return self.http.request(method, place + path, headers=headers, **more)

    def call(self, method: str, path: str, body=None):
        more = {} if body is None else {"json": body}
        answer = self.request(method, path, **more)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data.decode(errors='replace')[:500]}")
        return json.loads(answer.data)

    def call_form(self, path: str, fields: dict):
        answer = self.request("POST", path, fields=fields, encode_multipart=False)
        if answer.status != 200:
            raise RuntimeError(f"POST {path}: {answer.status} {answer.data.decode(errors='replace')[:500]}")
        return json.loads(answer.data)

    def upload(self, name: str, content: bytes) -> str:
        """The picture's identifier; its content may be anything."""
        named = {"pictures": [{"name": name, "bytes": len(content), "type": "image/jpeg"}]}
        picture = self.call("POST", "/pictures", named)["pictures"][0]
        fields = [*map(tuple, picture["upload"]["fields"]), ("file", (name, content))]
        sent = self.http.request("POST", picture["upload"]["url"], fields=fields)
        if sent.status not in (200, 204):
            raise RuntimeError(f"the upload form is refused: {sent.status} {sent.data.decode(errors='replace')[:500]}")
        return picture["id"]

    def finished(self, job: str) -> dict:
        deadline = time.monotonic() + PATIENCE
        while (now := self.call("GET", f"/jobs/{job}"))["status"] != "finished":
            if time.monotonic() > deadline:
                raise RuntimeError(f"the job is not done after {PATIENCE} seconds: {now}")
            time.sleep(0.2)
        return now

    def result(self, job: str, item: int) -> bytes:
        answer = self.request("GET", f"/jobs/{job}/items/{item}/download", redirect=False)
        if answer.status != 303:
            raise RuntimeError(f"a result is not handed out: {answer.status} {answer.data.decode(errors='replace')[:500]}")
        return self.http.request("GET", answer.headers["location"]).data


def reachable(site: str) -> tuple:
    """An address that any resolver knows, and the header that says which name was meant."""
    scheme, rest = site.split("://", 1)
    if not rest.split(":")[0].endswith(".localhost"):
        return site, {}
    return f"{scheme}://127.0.0.1:{rest.rsplit(':', 1)[-1]}", {"Host": rest}


def test(site: str, picture: Path) -> None:
    visitor = Visitor(site)
    page = visitor.get("/")
    if page.status != 200 or b'id="root"' not in page.data or "content-security-policy" not in page.headers:
        raise RuntimeError(f"{site} is not the site: {page.status} {page.headers}")
    ready = visitor.get("/ready")
    if ready.status != 200:
        raise RuntimeError(f"the API is not ready: {ready.status} {ready.data.decode(errors='replace')[:500]}")
    content = picture.read_bytes()
    identifier = visitor.upload(picture.name, content)
    visitor.call("POST", "/pictures/confirm", {"ids": [identifier]})
    listener = Listener(visitor)
    job = visitor.call("POST", "/jobs", {"pictures": [identifier], "stamp": "built-in:logo"})
    done = visitor.finished(job["id"])
    if done["counts"]["done"] != 1:
        raise RuntimeError(f"the picture was not stamped: {done}")
    listener.hears(lambda change: change["job"] == job["id"] and change["counts"]["done"] == 1, PATIENCE)
    listener.close()
    stamped = visitor.result(job["id"], 0)
    if stamped[:3] != b"\xff\xd8\xff" or stamped == content:
        raise RuntimeError("what came back is not the picture with a stamp")
    print(f"{picture.name} came back stamped ({len(stamped)} bytes), and its visitor was told")
