"""Who listens to a visitor's progress, as pusher-js does (Pusher Channels protocol 7)."""

import json
import time

import websocket


class Listener:
    def __init__(self, visitor):
        me = visitor.call("GET", "/me")["live"]
        self.event = me["event"]
        if me["cluster"]:
            server = f"wss://ws-{me['cluster']}.pusher.com"
        else:
            server = f"{'wss' if me['tls'] else 'ws'}://{me['host']}:{me['port']}"
        address = f"{server}/app/{me['key']}?protocol=7&client=stampede&version=1"
        self.socket = websocket.create_connection(address, timeout=30)
        hello = self.next("pusher:connection_established")
        form = {"socket_id": hello["socket_id"], "channel_name": me["channel"]}
        auth = visitor.call_form("/live/auth", form)["auth"]
        self.say("pusher:subscribe", {"auth": auth, "channel": me["channel"]})
        self.next("pusher_internal:subscription_succeeded")

    def say(self, event: str, data: dict) -> None:
        self.socket.send(json.dumps({"event": event, "data": data}))

    def next(self, event: str) -> dict:
        """The data of the next event of that name; what else comes is answered or passed over."""
        while True:
            message = json.loads(self.socket.recv())
            data = message.get("data") or {}
            data = json.loads(data) if isinstance(data, str) else data
            if message["event"] == event:
                return data
            if message["event"] == "pusher:ping":
                self.say("pusher:pong", {})
            if message["event"] == "pusher:error":
                raise RuntimeError(f"the server of progress says {data}")

    def hears(self, wanted, patience: float) -> dict:
        """The first change that is wanted."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            change = self.next(self.event)
            if wanted(change):
                return change
        raise TimeoutError("nothing of the kind was told")

    def close(self) -> None:
        self.socket.close()
