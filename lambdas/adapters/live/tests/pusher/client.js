// The unmodified pusher-js client as CLIENT (JSON) configures it, on a site at PORT, with the official library
// as publisher there.
// usage: node client.js PORT CLIENT    (says what it saw as JSON lines; goes on at each line it reads)
const PusherClient = require("pusher-js");
const Pusher = require("pusher");
const readline = require("node:readline");

const port = Number(process.argv[2]);
const configuration = JSON.parse(process.argv[3]);
const say = (what) => console.log(JSON.stringify(what));
const publisher = new Pusher({ appId: "app", key: "key", secret: "secret", host: "127.0.0.1", port, useTLS: false });

const client = (key) =>
  new PusherClient(key, {
    cluster: configuration.cluster ?? "",
    wsHost: configuration.host ?? "127.0.0.1",
    wsPort: configuration.port ?? port,
    wssPort: configuration.port ?? port,
    forceTLS: configuration.tls ?? false,
    enabledTransports: ["ws", "wss"],
    disableStats: true,
    channelAuthorization: { endpoint: `http://127.0.0.1:${port}/auth`, transport: "ajax" },
  });

const main = client(configuration.key);
main.connection.bind("state_change", ({ current }) => say({ state: current }));
main.connection.bind("error", (error) => say({ error: error?.data?.code ?? error?.error?.data?.code ?? null }));
const own = main.subscribe("private-own");
own.bind("pusher:subscription_succeeded", () => say({ subscribed: "private-own" }));
own.bind("news", (data) => say({ news: data }));
own.bind("client-typing", (data) => say({ typing: data }));
const other = main.subscribe("private-other");
other.bind("pusher:subscription_error", (error) => say({ refused: error.status ?? true }));

const open = main.subscribe("open");
open.bind("marker", () => say({ marker: true }));

const steps = {
  publish: async () => {
    const answer = await publisher.trigger(["private-own", "private-nobody"], "news", { number: 1 });
    say({ published: answer.status });
    await publisher.trigger("open", "marker", {});
  },
  batch: async () => {
    const events = [2, 3].map((number) => ({ channel: "private-own", name: "news", data: { number } }));
    const answer = await publisher.triggerBatch(events);
    say({ published: answer.status });
  },
  forge: async () => {
    const forger = new Pusher({ appId: "app", key: "key", secret: "wrong", host: "127.0.0.1", port, useTLS: false });
    await forger.trigger("private-own", "news", { number: 9 }).catch((error) => say({ forged: error.status }));
    await publisher.trigger("open", "marker", {});
  },
  speak: async () => {
    const second = client(configuration.key);
    const channel = second.subscribe("private-own");
    channel.bind("client-typing", () => say({ echo: true }));
    channel.bind("news", (data) => say({ second: data }));
    channel.bind("pusher:subscription_succeeded", () => channel.trigger("client-typing", { by: "second" }));
  },
  leave: async () => {
    // Told even of channels that the client has left.
    main.bind_global((name) => name === "news" && say({ news: "after all" }));
    main.unsubscribe("private-own");
    // Answered after the other was heard.
    main.subscribe("after").bind("pusher:subscription_succeeded", () => say({ left: true }));
  },
  exclude: async () => {
    const known = { socket_id: main.connection.socket_id };
    await publisher.trigger("private-own", "news", { number: 5 }, known);
    await publisher.triggerBatch([{ channel: "private-own", name: "news", data: { number: 6 }, ...known }]);
    await publisher.trigger("open", "marker", {});
  },
  stranger: async () => {
    const stranger = client("unknown");
    stranger.connection.bind("error", (error) => {
      say({ stranger: error?.data?.code ?? error?.error?.data?.code });
      stranger.disconnect();
    });
  },
};
readline.createInterface({ input: process.stdin }).on("line", (line) => steps[line]()).on("close", () => process.exit(0));
