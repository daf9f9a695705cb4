// A Pusher HTTP API that checks signatures with the official library's own code, and says what it was sent.
// usage: node record.js    (says its port first)
const http = require("node:http");
const crypto = require("node:crypto");
const Pusher = require("pusher");

const official = new Pusher({ appId: "app", key: "key", secret: "secret", cluster: "eu" });
const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts).toString();
    const url = new URL(request.url, "http://127.0.0.1");
    const { auth_timestamp, auth_signature, body_md5 } = Object.fromEntries(url.searchParams);
    // What the official library would have signed for the same request at the same time.
    const now = Date.now;
    Date.now = () => Number(auth_timestamp) * 1000;
    const wanted = official.createSignedQueryString({ method: request.method, path: url.pathname, body });
    Date.now = now;
    const fits =
      new URLSearchParams(wanted).get("auth_signature") === auth_signature &&
      crypto.createHash("md5").update(body).digest("hex") === body_md5;
    response.statusCode = fits ? 200 : 401;
    response.end(fits ? "{}" : "the signature does not fit");
    console.log(JSON.stringify({ fits, path: url.pathname, body: JSON.parse(body) }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
