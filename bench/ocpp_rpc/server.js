// ocpp-rpc: RPCServer in strict mode, with the canned answers.
"use strict";

const { renameSync, writeFileSync } = require("node:fs");
const { RPCServer } = require("ocpp-rpc");

const ANSWERS = require("../answers.json");
const HOST = "127.0.0.1";

async function main(readyFile) {
  const server = new RPCServer({
    protocols: ["ocpp2.0.1"],
    strictMode: true,
    wssOptions: { perMessageDeflate: true },
  });
  server.on("client", (client) => {
    for (const [action, answer] of Object.entries(ANSWERS)) {
      client.handle(action, () => answer);
    }
  });
  const { port } = (await server.listen(0, HOST)).address();
  writeFileSync(`${readyFile}.draft`, JSON.stringify({ ws: `ws://${HOST}:${port}`, pid: process.pid }));
  renameSync(`${readyFile}.draft`, readyFile);
}

main(process.argv[2]);
