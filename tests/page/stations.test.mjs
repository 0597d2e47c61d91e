// The list of stations: which ones it shows, in which order, and their connectors in short.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { filtered, inKnownOrder, isOnlyLocal, ordered, stateCounts, stationCommand, statusCounts } = await import(`${page}/views/stations/selection.js`);

const station = (id, changes = {}) => ({
  id,
  connected: true,
  vendor: null,
  model: null,
  lastMessage: null,
  running: [],
  connectors: [],
  findings: { error: 0, warning: 0, hint: 0 },
  ...changes,
});

const connector = (connectorStatus) => ({ evseId: 1, connectorId: 1, connectorStatus });
const findings = (error, warning, hint) => ({ findings: { error, warning, hint } });
const idsOf = (list) => list.map(({ id }) => id);

test("a search finds identities, vendors and models, whatever their case", () => {
  const list = [station("CS1", { vendor: "Acme", model: "Duo 22" }), station("cs2", { vendor: "Volt" }), station("X3")];
  assert.deepEqual(idsOf(filtered(list, { search: "CS" })), ["CS1", "cs2"]);
  assert.deepEqual(idsOf(filtered(list, { search: " acme  DUO " })), ["CS1"]);
  assert.deepEqual(idsOf(filtered(list, { search: "null" })), []);
  assert.deepEqual(idsOf(filtered(list, {})), ["CS1", "cs2", "X3"]);
});

test("states choose stations, and are counted", () => {
  const list = [
    station("A", { connected: false, running: [{ chargingState: "Charging" }], connectors: [connector("Faulted")] }),
    station("B", { running: [{ chargingState: "SuspendedEV" }, { chargingState: "Charging" }] }),
    station("C", { running: [{ chargingState: null }], connectors: [connector("Available"), connector("Faulted")] }),
    station("D", findings(0, 0, 1)),
  ];
  const chosen = (state) => idsOf(filtered(list, { state })).join("");
  assert.deepEqual(["connected", "away", "charging", "faulted", "findings", "unknown"].map(chosen), ["BCD", "A", "B", "C", "D", "ABCD"]);
  assert.deepEqual(stateCounts(list), { "": 4, connected: 3, away: 1, charging: 1, faulted: 1, findings: 1 });
});

test("the order is by identity, last message or findings", () => {
  const list = [
    station("A", { lastMessage: "2026-01-01T00:00:01.000Z", ...findings(0, 9, 0) }),
    station("B", findings(1, 0, 0)),
    station("C", { lastMessage: "2026-01-01T00:00:02.000Z", ...findings(1, 0, 1) }),
    station("D"),
  ];
  assert.deepEqual(idsOf(ordered(list, "")), ["A", "B", "C", "D"]);
  assert.deepEqual(idsOf(ordered(list, "recent")), ["C", "A", "B", "D"]);
  assert.deepEqual(idsOf(ordered(list, "findings")), ["C", "B", "A", "D"]);
});

test("a known order is kept, and new stations follow", () => {
  const list = ["A", "B", "C", "D"].map((id) => station(id));
  assert.deepEqual(idsOf(inKnownOrder(list, ["D", "gone", "B"])), ["D", "B", "A", "C"]);
});

test("connectors are counted by status", () => {
  const connectors = ["Available", "Faulted", "Available"].map(connector);
  assert.deepEqual(statusCounts(connectors), [
    { status: "Available", count: 2 },
    { status: "Faulted", count: 1 },
  ]);
});

test("loopback addresses are reached from the same machine only", () => {
  assert.ok(isOnlyLocal(["ws://127.0.0.1:9000/", "wss://[::1]:9443/", "ws://localhost:9000/"]));
  assert.ok(!isOnlyLocal(["ws://192.0.2.7:9000/", "ws://127.0.0.1:9000/"]));
  assert.ok(!isOnlyLocal([]));
});

test("the command for a first station names the address unless it is the default", () => {
  assert.equal(stationCommand([]), "mock-csms station");
  assert.equal(stationCommand(["wss://127.0.0.1:9443/", "ws://127.0.0.1:9000/"]), "mock-csms station");
  assert.equal(stationCommand(["ws://192.0.2.7:9000/"]), "mock-csms station --to ws://192.0.2.7:9000");
});
