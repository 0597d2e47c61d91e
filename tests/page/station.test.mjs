// The data functions of the page of one station.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { isQuery } = await import(`${page}/views/station/queries.js`);
const { answerOf } = await import(`${page}/views/station/answers.js`);
const { evsesOf, lookOf } = await import(`${page}/views/station/connectors.js`);
const { energyText } = await import(`${page}/views/station/energy_text.js`);
const { entriesBefore, eventsByTransaction, expressionFor, expressionWith, timelineOf } = await import(`${page}/views/station/timeline.js`);
const { compositesOf, limitsAtEvse, limitsOf, withLooks } = await import(`${page}/views/station/limits.js`);
const { chartData, limitAt, spanFor, stepsOf, timingOf } = await import(`${page}/views/station/steps.js`);
const { countsInWords, matchingBlocks, sizeOf: sizeOfCounts } = await import(`${page}/views/station/coverage_words.js`);
const { throttled } = await import(`${page}/views/station/throttle.js`);
const { characteristicsOf, searched, sizeOf, treeOf } = await import(`${page}/views/station/tree.js`);

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

test("throttled work rests the longer, the longer it took", async () => {
  const waits = [];
  const times = [0, 10, 1_000, 1_500];
  const run = throttled(async () => {}, 1_000, async (milliseconds) => waits.push(milliseconds), () => times.shift());
  await run();
  await run();
  assert.deepEqual(waits, [1_000, 2_500]);
});

test("an answer is a sentence with its kind", () => {
  const answers = [
    { outcome: "result", payload: { status: "Accepted" } },
    { outcome: "result", payload: { status: "Rejected", statusInfo: { reasonCode: "InvalidSchedule", additionalInfo: "no period" } } },
    { outcome: "result", payload: { setVariableResult: [{ attributeStatus: "Accepted" }, { attributeStatus: "UnknownVariable" }] } },
    { outcome: "result", payload: { versionNumber: 4 } },
    { outcome: "error", errorCode: "NotSupported", errorDescription: "no\u202e" },
    { outcome: "timeout" },
  ];
  assert.deepEqual(answers.map((answer) => answerOf("X", answer)), [
    { kind: "good", text: "X: Accepted" },
    { kind: "warn", text: "X: Rejected: InvalidSchedule: no period" },
    { kind: "warn", text: "X: Accepted, UnknownVariable" },
    { kind: "good", text: 'X: {"versionNumber":4}' },
    { kind: "bad", text: "X: NotSupported: no\\u202e" },
    { kind: "bad", text: "X: the station did not answer in time" },
  ]);
});

test("an answer that breaks its schema is not a good one", () => {
  const answer = { outcome: "result", payload: { status: "Accepted" }, violation: "status: must be a text" };
  assert.deepEqual(answerOf("Reset", answer), { kind: "bad", text: "Reset: the answer breaks its schema: status: must be a text" });
});

test("entries before a number are fetched page by page, up to the first one or a number of pages", async () => {
  const stored = [1, 2, 3, 4, 5, 6, 7].map((number) => ({ number }));
  const fetchPage = async (before = Infinity) => stored.filter(({ number }) => number < before).slice(-2);
  const numbers = async (before, maxPages) => (await entriesBefore(fetchPage, before, 2, maxPages)).map(({ number }) => number);
  assert.deepEqual(await numbers(6, 10), [1, 2, 3, 4, 5]);
  assert.deepEqual(await numbers(5, 10), [1, 2, 3, 4]);
  assert.deepEqual(await numbers(undefined, 2), [4, 5, 6, 7]);
  assert.deepEqual(await numbers(1, 10), []);
});

test("connectors are ordered by EVSE and show their transaction", () => {
  const connectors = [
    { evseId: 2, connectorId: 1, connectorStatus: "Occupied" },
    { evseId: 1, connectorId: 2, connectorStatus: "Available" },
    { evseId: 1, connectorId: 1, connectorStatus: "<b>" },
  ];
  const running = [{ transactionId: "t", evseId: 2, connectorId: null, chargingState: "Charging" }];
  const evses = evsesOf({ connected: true, connectors, running });
  assert.deepEqual(evses.map(({ evseId, connectors: own }) => [evseId, own.map(({ connectorId }) => connectorId)]), [[1, [1, 2]], [2, [1]]]);
  assert.equal(evses[1].connectors[0].transaction, running[0]);
  assert.equal(lookOf(evses[1].connectors[0]).icon, "bolt");
  assert.equal(lookOf(evses[0].connectors[0]).kind, "idle");
  const [, stale] = evsesOf({ connected: false, connectors, running });
  assert.deepEqual(lookOf(stale.connectors[0]), { kind: "idle", icon: "bolt" });
});

const eventOf = (number, seqNo, event = {}, facts = {}) => {
  const payload = { eventType: "Updated", timestamp: "2026-01-01T12:00:00Z", triggerReason: "MeterValuePeriodic", seqNo, transactionInfo: { transactionId: "t" }, ...event };
  return { number, time: "2026-01-01T12:00:00.1Z", station: "CS1", type: "call", action: "TransactionEvent", frame: [2, String(number), "TransactionEvent", payload], ...facts };
};

test("events belong to their transaction, and other messages to none", () => {
  const entries = [
    eventOf(1, 0),
    eventOf(2, 0, {}, { station: "CS2" }),
    eventOf(3, 0, {}, { type: "result", frame: [3, "1", {}] }),
    eventOf(4, 0, { transactionInfo: { transactionId: "u" } }),
    { number: 5, type: "gap", station: "" },
    eventOf(6, 1),
  ];
  const events = eventsByTransaction(entries, "CS1");
  assert.deepEqual([...events].map(([id, own]) => [id, own.map(({ number }) => number)]), [["t", [1, 6]], ["u", [4]]]);
});

test("a timeline shows gaps, order and answers", () => {
  const answers = new Map([[1, { type: "result", frame: [3, "1", { idTokenInfo: { status: "Blocked" } }] }]]);
  const entries = [
    eventOf(1, 0, { eventType: "Started" }),
    eventOf(4, 5, { offline: true, timestamp: "2026-01-01T11:59:00Z" }),
    eventOf(6, 2),
    eventOf(8, 5),
    eventOf(9, 7, { transactionInfo: { transactionId: "t", stoppedReason: "Local" } }, { violation: "x" }),
  ];
  const rows = timelineOf(entries, [1, 3, 4, 6], (number) => answers.get(number));
  assert.deepEqual(rows.map(({ gap, seqNo, notes }) => gap ?? [seqNo, ...notes]), [
    [0, "token Blocked"],
    [1, 1],
    [3, 4],
    [5, "offline", "arrived 1 min later"],
    [2, "out of order"],
    [5, "repeated"],
    [6, 6],
    [7, "stopped: Local", "breaks its schema"],
  ]);
});

test("an expression names a transaction, whatever its id", () => {
  assert.equal(expressionFor('a"`b'), 'frame[3].transactionInfo.transactionId == `"a\\"\\`b"`');
});

test("a timeline survives events that break their schema", () => {
  const [row] = timelineOf([eventOf(1, undefined, { timestamp: {}, transactionInfo: null })], []);
  assert.deepEqual(row.notes, []);
});

const DEVICE_MODEL = {
  "EVSE#1/Power": { component: { name: "EVSE", evse: { id: 1 } }, variable: { name: "Power" }, attributes: { Actual: "0", MaxSet: "22000" } },
  "Ctrlr/A[x]": { component: { name: "Ctrlr" }, variable: { name: "A", instance: "x" }, attributes: { Actual: null } },
  "EVSE#1.2/Power": { component: { name: "EVSE", evse: { id: 1, connectorId: 2 } }, variable: { name: "Power" }, attributes: { Actual: "<b>" } },
};

test("variables are grouped by component and place", () => {
  const tree = treeOf(DEVICE_MODEL);
  assert.deepEqual(
    tree.map(({ name, count, places }) => [name, count, ...places.map(({ label, variables }) => [label, ...variables.map((variable) => variable.name)])]),
    [["EVSE", 2, ["EVSE 1", "Power"], ["EVSE 1, connector 2", "Power"]], ["Ctrlr", 1, ["", "A[x]"]]],
  );
  assert.equal(sizeOf(tree), 3);
});

test("a search finds words in names, places and values", () => {
  const tree = treeOf(DEVICE_MODEL);
  const keys = (text, limit) => searched(tree, text, limit).flatMap(({ places }) => places.flatMap(({ variables }) => variables.map(({ key }) => key)));
  assert.deepEqual(keys("power 22000"), ["EVSE#1/Power"]);
  assert.deepEqual(keys("connector POWER"), ["EVSE#1.2/Power"]);
  assert.deepEqual(keys("power", 1), ["EVSE#1/Power"]);
  assert.deepEqual(keys("ctrlr"), ["Ctrlr/A[x]"]);
  assert.deepEqual(keys("nothing"), []);
});

test("variables have the type that reports name, whatever the case of names", () => {
  const item = {
    component: { name: "evse", evse: { id: 1 } },
    variable: { name: "POWER" },
    variableAttribute: [{ value: "0", mutability: "ReadOnly" }],
    variableCharacteristics: { dataType: "OptionList", valuesList: "a,b", unit: "W" },
  };
  const reports = [{ action: "NotifyReport", items: [item, null, {}] }, { action: "NotifyMonitoringReport", items: [item] }];
  const tree = treeOf(DEVICE_MODEL, characteristicsOf(reports));
  const [power, other] = tree[0].places.map(({ variables }) => variables[0]);
  assert.deepEqual(power.facts, { dataType: "OptionList", unit: "W", values: ["a", "b"], mutability: "ReadOnly" });
  assert.equal(other.facts, undefined);
});

const HOUR = 3_600;
const NOON = Date.parse("2026-01-01T12:00:00Z") / 1_000;
const DAY = { from: NOON, to: NOON + 24 * HOUR };
const scheduleOf = (periods, facts = {}) => ({
  chargingRateUnit: "A",
  startSchedule: "2026-01-01T12:00:00Z",
  chargingSchedulePeriod: periods.map(([startPeriod, limit]) => ({ startPeriod, limit })),
  ...facts,
});
const inHours = (steps) => steps.map(({ from, to, limit }) => [(from - NOON) / HOUR, (to - NOON) / HOUR, limit]);
const absolute = { start: NOON };

test("a schedule becomes steps, whatever the order of its periods", () => {
  assert.deepEqual(inHours(stepsOf(scheduleOf([[HOUR, 10], [0, 16]]), absolute, DAY)), [[0, 1, 16], [1, 24, 10]]);
  assert.deepEqual(inHours(stepsOf(scheduleOf([[0, 16], [HOUR, 10]], { duration: 2 * HOUR }), absolute, DAY)), [[0, 1, 16], [1, 2, 10]]);
  assert.deepEqual(stepsOf(scheduleOf([], { chargingSchedulePeriod: "x" }), absolute, DAY), []);
  assert.deepEqual(stepsOf(scheduleOf([[0, "16"]]), absolute, DAY), []);
});

test("steps are cut at the window and at the validity", () => {
  const schedule = scheduleOf([[0, 16], [HOUR, 10]]);
  const late = { from: NOON + HOUR / 2, to: NOON + 2 * HOUR };
  assert.deepEqual(inHours(stepsOf(schedule, absolute, late)), [[0.5, 1, 16], [1, 2, 10]]);
  const validity = { ...absolute, from: NOON + 3 * HOUR, to: NOON + 4 * HOUR };
  assert.deepEqual(inHours(stepsOf(schedule, validity, DAY)), [[3, 4, 10]]);
});

test("a recurring schedule repeats, and pauses after its duration", () => {
  const timing = { start: NOON - 47 * HOUR, every: 24 * HOUR };
  assert.deepEqual(inHours(stepsOf(scheduleOf([[0, 16]], { duration: 3 * HOUR }), timing, DAY)), [[1, 4, 16]]);
});

test("a profile begins as its kind says", () => {
  const schedule = scheduleOf([[0, 16]]);
  assert.equal(timingOf({ chargingProfileKind: "Relative" }, schedule, 7).start, 7);
  assert.equal(timingOf({ chargingProfileKind: "Absolute" }, schedule, 7).start, NOON);
  assert.equal(timingOf({ chargingProfileKind: "Absolute" }, { ...schedule, startSchedule: "soon" }, 7).start, 7);
  const weekly = timingOf({ chargingProfileKind: "Recurring", recurrencyKind: "Weekly", validTo: "2026-01-01T12:00:00Z" }, schedule, 7);
  assert.deepEqual([weekly.every, weekly.to], [7 * 24 * HOUR, NOON]);
});

test("a chart has a value at each edge, and none between steps", () => {
  const window = { from: 0, to: 40 };
  const [times, first, second] = chartData([[{ from: 0, to: 10, limit: 16 }, { from: 20, to: 30, limit: 8 }], [{ from: 10, to: 30, limit: 4 }]], window);
  assert.deepEqual(times, [0, 9.999, 10, 20, 29.999, 30, 40]);
  assert.deepEqual(first, [16, 16, null, 8, 8, null, null]);
  assert.deepEqual(second, [null, null, 4, 4, 4, null, null]);
  assert.equal(limitAt([{ from: 0, to: 10, limit: 16 }], 10), null);
});

test("the span shows all changes, as far as a week", () => {
  assert.equal(spanFor([[scheduleOf([[0, 16]]), absolute]], NOON), HOUR);
  assert.equal(spanFor([[scheduleOf([[0, 16], [2 * HOUR, 8]]), absolute]], NOON), 2.1 * HOUR);
  assert.equal(spanFor([[scheduleOf([[0, 16]]), { start: NOON - 100 * HOUR, every: 24 * HOUR }]], NOON), 25.2 * HOUR);
  assert.equal(spanFor([[scheduleOf([[0, 16]], { duration: 24 * HOUR }), absolute]], NOON), 25.2 * HOUR);
  assert.equal(spanFor([[scheduleOf([[0, 16]], { duration: 900 * HOUR }), absolute]], NOON), 7 * 24 * HOUR);
});

test("limits come from profiles, notices, vehicles and composite schedules, by weight", () => {
  const profile = (id, stackLevel, facts = {}) => ({
    evseId: 1,
    chargingProfile: { id, stackLevel, chargingProfilePurpose: "TxDefaultProfile", chargingProfileKind: "Relative", chargingSchedule: [scheduleOf([[0, 16]])], ...facts },
  });
  const state = {
    transactions: [{ transactionId: "t", evseId: 1, ended: false, startedAt: "2026-01-01T13:00:00Z" }],
    chargingProfiles: [profile(1, 0), profile(2, 3), profile(3, 0, { chargingProfilePurpose: "ChargingStationMaxProfile" }), { evseId: 2, chargingProfile: {} }],
    chargingLimits: [{ evseId: 2, chargingLimit: { chargingLimitSource: "EMS" }, chargingSchedule: [scheduleOf([[0, 9]])] }, { chargingLimit: {} }],
    chargingSchedules: [{ evseId: 1, chargingSchedule: scheduleOf([[0, 12]]) }],
  };
  const limits = limitsOf(state, [{ evseId: 1, chargingRateUnit: "A", scheduleStart: "2026-01-01T12:00:00Z", chargingSchedulePeriod: [] }], 5);
  assert.deepEqual(
    limits.map(({ purpose, stackLevel, evseId }) => [purpose, stackLevel, evseId]),
    [["Composite", null, 1], ["ChargingStationMaxProfile", 0, 1], ["TxDefaultProfile", 3, 1], ["TxDefaultProfile", 0, 1], ["Limit", null, 2], ["Vehicle", null, 1]],
  );
  assert.equal(limits[2].timing.start, NOON + HOUR);
  assert.equal(limits[0].timing.start, NOON);
  assert.deepEqual(limitsAtEvse(limits, 2).map(({ purpose }) => purpose), ["Limit"]);
});

test("limits look different, also those of one purpose", () => {
  const looks = withLooks(Array.from({ length: 20 }, () => ({ purpose: "TxDefaultProfile" }))).map(({ look }) => JSON.stringify(look));
  assert.equal(new Set(looks).size, 20);
});

test("an expression finds a text anywhere", () => {
  assert.equal(expressionWith("A`B"), 'contains(to_string(frame), `"A\\`B"`)');
});

test("energy without a reading is not zero", () => {
  assert.equal(energyText({ meterLast: null, energyWh: 0 }), "no meter value yet");
  assert.equal(energyText({ meterLast: { wh: 5 }, energyWh: 0 }), "0 Wh");
});

test("the newest composite schedule of each EVSE counts", () => {
  const answer = (evseId, limit, station = "CS1") => ({ action: "GetCompositeSchedule", station, type: "result", frame: [3, "1", { status: "Accepted", schedule: { evseId, chargingRateUnit: "A", limit } }] });
  const rejected = { ...answer(1), frame: [3, "1", { status: "Rejected" }] };
  assert.deepEqual(compositesOf([answer(1, 5), answer(2, 6), answer(1, 7), answer(1, 8, "CS2"), rejected], "CS1").map(({ limit }) => limit), [7, 6]);
});

test("only commands that change nothing are queries", () => {
  for (const action of ["GetVariables", "GetBaseReport", "GetCompositeSchedule", "TriggerMessage"]) assert.ok(isQuery(action), action);
  for (const action of ["Reset", "SetChargingProfile", "ClearCache", "CustomerInformation", "SetVariables"]) assert.ok(!isQuery(action), action);
});

const COVERED = [
  { id: "B", requirements: [{ id: "B01.FR.05", state: "met", findings: ["connector-status-missing"] }, { id: "B01.FR.09", state: "broken", findings: ["boot-reason-wrong"] }] },
  { id: "G", requirements: [{ id: "G02.FR.02", state: "not exercised", findings: ["heartbeat-missing"] }] },
];

test("requirements match by their state, and by their number or finding", () => {
  const ids = (filter) => matchingBlocks(COVERED, filter).flatMap(({ requirements }) => requirements.map(({ id }) => id));

  assert.deepEqual(ids({ state: "", text: "" }), ["B01.FR.05", "B01.FR.09", "G02.FR.02"]);
  assert.deepEqual(ids({ state: "broken", text: "" }), ["B01.FR.09"]);
  assert.deepEqual(ids({ state: "", text: " heartbeat" }), ["G02.FR.02"]);
  assert.deepEqual(ids({ state: "met", text: "b01" }), ["B01.FR.05"]);
  assert.deepEqual(matchingBlocks(COVERED, { state: "broken", text: "" }).map(({ id }) => id), ["B"]);
});

test("counts of requirements are told in words", () => {
  const counts = { met: 3, broken: 2, notExercised: 4 };

  assert.equal(sizeOfCounts(counts), 9);
  assert.equal(countsInWords(counts), "2 broken, 3 met, 4 of 9 not exercised yet");
});
