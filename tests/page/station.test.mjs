// The data functions of the page of one station.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { answerOf } = await import(`${page}/views/station/answers.js`);
const { evsesOf, lookOf } = await import(`${page}/views/station/connectors.js`);
const { throttled } = await import(`${page}/views/station/throttle.js`);

test("throttled work never overlaps, and runs once more after calls while it ran", async () => {
  const events = [];
  const release = [];
  const step = (name) => () => (events.push(name), new Promise((resolve) => release.push(resolve)));
  const run = throttled(step("work"), 1_000, step("wait"));
  const next = async () => (release.shift()(), await null, await null);

  const done = run();
  run();
  run();
  assert.deepEqual(events, ["work"]);
  await next();
  assert.deepEqual(events, ["work", "wait"]);
  await next();
  assert.deepEqual(events, ["work", "wait", "work"]);
  await next();
  await next();
  await done;
  assert.deepEqual(events, ["work", "wait", "work", "wait"]);
});

test("an answer is a sentence with its kind", () => {
  const answers = [
    { outcome: "result", payload: { status: "Accepted" } },
    { outcome: "result", payload: { status: "Rejected" } },
    { outcome: "result", payload: { setVariableResult: [{ attributeStatus: "Accepted" }, { attributeStatus: "UnknownVariable" }] } },
    { outcome: "result", payload: { versionNumber: 4 } },
    { outcome: "error", errorCode: "NotSupported", errorDescription: "no\u202e" },
    { outcome: "timeout" },
  ];
  assert.deepEqual(answers.map((answer) => answerOf("X", answer)), [
    { kind: "good", text: "X: Accepted" },
    { kind: "warn", text: "X: Rejected" },
    { kind: "warn", text: "X: Accepted, UnknownVariable" },
    { kind: "good", text: 'X: {"versionNumber":4}' },
    { kind: "bad", text: "X: NotSupported: no\\u202e" },
    { kind: "bad", text: "X: the station did not answer in time" },
  ]);
});

test("connectors are ordered by EVSE and show their transaction", () => {
  const connectors = [
    { evseId: 2, connectorId: 1, connectorStatus: "Occupied" },
    { evseId: 1, connectorId: 2, connectorStatus: "Available" },
    { evseId: 1, connectorId: 1, connectorStatus: "<b>" },
  ];
  const running = [{ transactionId: "t", evseId: 2, connectorId: null, chargingState: "Charging" }];
  const evses = evsesOf({ connectors, running });
  assert.deepEqual(evses.map(({ evseId, connectors: own }) => [evseId, own.map(({ connectorId }) => connectorId)]), [[1, [1, 2]], [2, [1]]]);
  assert.equal(evses[1].connectors[0].transaction, running[0]);
  assert.equal(lookOf(evses[1].connectors[0]).icon, "bolt");
  assert.equal(lookOf(evses[0].connectors[0]).kind, "idle");
});
