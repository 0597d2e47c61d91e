// Curves of transactions: from the meter values of stations to power and energy over time.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { CurveStore, MAX_CURVES, MAX_POINTS, newestPower, NO_CURVE, recentPower } = await import(`${page}/curve_store.js`);

const ENERGY = "Energy.Active.Import.Register";
const POWER = "Power.Active.Import";
const START = Date.parse("2026-01-01T00:00:00Z") / 1000;

const at = (seconds) => new Date((START + seconds) * 1000).toISOString();
const reading = (seconds, ...samples) => ({ timestamp: at(seconds), sampledValue: samples });
const energy = (value, more = {}) => ({ measurand: ENERGY, value, ...more });
const power = (value, more = {}) => ({ measurand: POWER, value, ...more });

const entry = (action, payload, station = "CS1") => ({ type: "call", direction: "received", station, action, frame: [2, "1", action, payload] });
const event = (meterValue, more = {}) =>
  entry("TransactionEvent", { eventType: "Updated", transactionInfo: { transactionId: "T" }, meterValue, ...more });

const curveOf = (...entries) => {
  const store = new CurveStore();
  store.add(entries);
  const { time, powerW, energyWh } = store.of("CS1", "T");
  return { time: time.map((seconds) => seconds - START), powerW, energyWh };
};

test("power and energy of a transaction are in the order of the station's time", () => {
  const curve = curveOf(
    event([reading(0, energy(1000))]),
    event([reading(20, energy(1060), power(11_000))]),
    event([reading(10, energy(1030), power(10_000))]),
    event([reading(20, energy(1060), power(11_000))]),
  );
  assert.deepEqual(curve, { time: [0, 10, 20], powerW: [null, 10_000, 11_000], energyWh: [0, 30, 60] });
});

test("units, multipliers and phases are summed to W and Wh", () => {
  const phases = ["L1", "L2", "L3"].map((phase) => power(2, { phase, unitOfMeasure: { unit: "kW" } }));
  const wh = (value) => ({ value, unitOfMeasure: { unit: "Wh", multiplier: 3 } });
  const curve = curveOf(event([reading(0, wh(1))]), event([reading(5, wh(1.5), ...phases)]));
  assert.deepEqual(curve, { time: [0, 5], powerW: [null, 6_000], energyWh: [0, 500] });
});

test("other measurands and locations are left out", () => {
  const samples = [power(5, { location: "Inlet" }), { measurand: "Voltage", value: 230 }, { measurand: POWER, value: "7" }];
  assert.deepEqual(curveOf(event([reading(0, ...samples)])).time, []);
});

test("power without a reading of its own is the mean since the reading before", () => {
  const curve = curveOf(event([reading(0, energy(0))]), event([reading(36, energy(100))]), event([reading(72, energy(0))]));
  assert.deepEqual(curve.powerW, [null, 10_000, null]);
});

test("a first value that is repeated later does not bend the curve", () => {
  const begin = energy(1000, { context: "Transaction.Begin" });
  const curve = curveOf(event([reading(0, begin)]), event([reading(60, energy(1500))]), event([reading(60, begin), reading(90, begin)]));
  assert.deepEqual(curve.time, [0, 60]);
  assert.deepEqual(curve.energyWh, [0, 500]);
});

test("MeterValues of an EVSE belong to its running transaction", () => {
  const meterValues = (evseId, seconds) => entry("MeterValues", { evseId, meterValue: [reading(seconds, power(7_000))] });
  const curve = curveOf(
    meterValues(1, 0),
    event([], { eventType: "Started", evse: { id: 1, connectorId: 1 } }),
    meterValues(1, 10),
    meterValues(2, 20),
    event([], { eventType: "Ended" }),
    meterValues(1, 30),
  );
  assert.deepEqual(curve.time, [10]);
});

test("payloads that break the schema are ignored", () => {
  const broken = [null, [], 7, "x", { timestamp: "soon", sampledValue: [] }, { timestamp: at(0), sampledValue: [null, 4, { value: 1e300 }] }, { timestamp: at(0) }];
  const store = new CurveStore();
  const entries = [
    ...[undefined, null, [], "text", { transactionInfo: null }, { transactionInfo: { transactionId: 7 } }].map((payload) => entry("TransactionEvent", payload)),
    ...[null, {}, { evseId: {}, meterValue: 1 }].map((payload) => entry("MeterValues", payload)),
    { type: "call", direction: "received", station: "CS1", action: "TransactionEvent" },
    event("no list", { evse: "x" }),
    ...broken.map((meterValue) => event([meterValue])),
  ];
  assert.equal(store.add(entries), false);
  assert.equal(store.of("CS1", "T").time.length, 0);
});

test("answers and sent messages change nothing", () => {
  const received = event([reading(0, power(1))]);
  const store = new CurveStore();
  assert.equal(store.add([{ ...received, direction: "sent" }, { ...received, type: "result" }]), false);
  assert.equal(store.of("CS1", "T"), NO_CURVE);
});

test("a curve is the same object until it grows", () => {
  const store = new CurveStore();
  assert.equal(store.add([event([reading(0, power(1))])]), true);
  const curve = store.of("CS1", "T");
  store.add([event([])]);
  assert.equal(store.of("CS1", "T"), curve);
  store.add([event([reading(1, power(2))])]);
  assert.notEqual(store.of("CS1", "T"), curve);
});

test("a long curve keeps its first and its newest points", () => {
  const store = new CurveStore();
  for (let seconds = 0; seconds <= 10 * MAX_POINTS; seconds += 1) store.add([event([reading(seconds, power(seconds))])]);
  const { time, powerW } = store.of("CS1", "T");
  assert.ok(time.length <= MAX_POINTS);
  assert.deepEqual([time[0], ...time.slice(-2)].map((seconds) => seconds - START), [0, 10 * MAX_POINTS - 1, 10 * MAX_POINTS]);
  assert.equal(powerW.at(-1), 10 * MAX_POINTS);
});

test("the curves that have not grown for longest are dropped", () => {
  const store = new CurveStore();
  const named = (transactionId) => event([reading(0, power(1))], { transactionInfo: { transactionId } });
  for (let number = 0; number <= MAX_CURVES; number += 1) store.add([named(`T${number}`)]);
  assert.equal(store.of("CS1", "T0"), NO_CURVE);
  assert.equal(store.of("CS1", "T1").time.length, 1);
});

test("recent power is held between readings and ends with the newest", () => {
  const curve = { time: [0, 10, 20, 30], powerW: [null, 100, 300, null], energyWh: [] };
  assert.deepEqual(recentPower(curve, 5, 60), [100, 100, 100, 100, 300]);
  assert.deepEqual(recentPower({ ...curve, powerW: [0, 100, 300, 200] }, 4, 15), [100, 300, 300, 200]);
  assert.deepEqual(recentPower({ time: [0, 1], powerW: [null, 5], energyWh: [0, 0] }, 5, 60), []);
});

test("newest power is the last one that is known", () => {
  assert.equal(newestPower({ powerW: [5, null] }), 5);
  assert.equal(newestPower(NO_CURVE), null);
});
