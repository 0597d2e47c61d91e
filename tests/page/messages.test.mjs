// The data functions of the messages: filters, marks of violations, rules, and texts to copy.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { MatchingEntries, matches, stationMatcher, textMatcher } = await import(`${page}/messages/filter.js`);
const { marksOf, violationMark } = await import(`${page}/messages/violations.js`);
const { rulesFor, tomlOf } = await import(`${page}/messages/rules.js`);
const { curlOf, fileName, jsonOf, ndjsonOf } = await import(`${page}/messages/copy.js`);
const { factsOf, labelOf, remarkOf } = await import(`${page}/messages/facts.js`);
const { payloadOf, summaryOf, titleOf } = await import(`${page}/messages/summary.js`);
const { JournalRecord, MAX_ENTRIES } = await import(`${page}/record.js`);

const call = (number, more = {}) => ({
  number, time: "2026-11-28T19:00:00.000Z", station: "CS1", connection: 1, direction: "received", type: "call", action: "Heartbeat",
  messageId: "m1", frame: [2, "m1", "Heartbeat", {}], ...more,
});
const result = (number, payload, more = {}) => ({
  ...call(number, { direction: "sent", type: "result", partner: number - 1, elapsed: 0.0123, frame: [3, "m1", payload] }), ...more,
});
const EVERYTHING = { station: () => true, action: "", direction: "", errors: false, numbers: undefined };

const recordOf = (...entries) => {
  const record = new JournalRecord();
  for (const entry of entries) record.addEntry(entry);
  return record;
};

const numbersIn = (list) => list.entries.map(({ number }) => number);

test("a station is a known one in any case, a glob, or a part of an identity", () => {
  assert.equal(stationMatcher("cs1", true)("CS1"), true);
  assert.equal(stationMatcher("cs1", true)("CS10"), false);
  assert.equal(stationMatcher("cs1", false)("CS10"), true);
  assert.equal(stationMatcher("CS?0*", false)("CS10"), true);
  assert.equal(stationMatcher("CS?", false)("CS10"), false);
  assert.equal(stationMatcher("[(", false)("a[(b"), true);
  assert.equal(stationMatcher("a.*", false)("abc"), false);
  assert.equal(stationMatcher("", false)("any"), true);
});

test("an entry passes if it meets every filter", () => {
  const invalid = call(1, { violation: "payload: x is missing (required)" });
  assert.equal(matches(call(1), { ...EVERYTHING, action: "heart" }), true);
  assert.equal(matches(call(1), { ...EVERYTHING, action: "Boot" }), false);
  assert.equal(matches(call(1), { ...EVERYTHING, direction: "sent" }), false);
  assert.equal(matches(call(1), { ...EVERYTHING, errors: true }), false);
  assert.equal(matches(invalid, { ...EVERYTHING, errors: true }), true);
  assert.equal(matches(invalid, { ...EVERYTHING, errors: true, numbers: new Set([2]) }), false);
  assert.equal(matches(call(2), { ...EVERYTHING, numbers: new Set([2]) }), true);
});

test("a text is found anywhere in an entry, in any case", () => {
  const token = { idToken: "AA(BB", type: "ISO14443" };
  const entry = call(1, { action: "Authorize", rule: "lost", frame: [2, "m7-x", "Authorize", { idToken: token }] });
  const found = ["aa(bb", "M7-X", "authorize", '"type": "ISO', '"type":"ISO', '"idToken": {"id', "cs1", "lost", " m7 "];
  for (const text of found) assert.equal(textMatcher(text)(entry), true, text);
  for (const text of ["aa.bb", "CS2", "undefined", "m7x"]) assert.equal(textMatcher(text)(entry), false, text);
  assert.equal(textMatcher("heart")(call(2, { type: "malformed", action: undefined, frame: undefined, text: '[2, "1", "Heart' })), true);
  assert.equal(textMatcher("  "), undefined);
  assert.equal(matches(entry, { ...EVERYTHING, hasText: textMatcher("nothing") }), false);
});

test("a gap is always shown, and a note about no station with every station", () => {
  const filter = { ...EVERYTHING, station: (id) => id === "CS1", numbers: new Set() };
  assert.equal(matches({ number: 0.5, type: "gap", from: 1, to: 4, station: "" }, filter), true);
  assert.equal(matches({ number: 5, type: "note", station: "", note: "Step 1" }, { ...filter, numbers: undefined }), true);
  assert.equal(matches({ number: 5, type: "note", station: "CS2", note: "Step 1" }, { ...filter, numbers: undefined }), false);
});

test("the list looks at each entry once", () => {
  let looks = 0;
  const record = recordOf(call(1), call(2, { station: "CS2" }));
  const list = new MatchingEntries(record, { ...EVERYTHING, station: (id) => ((looks += 1), id === "CS1") });
  list.update();
  record.addEntry(call(3));
  list.update();
  list.update();
  assert.deepEqual(numbersIn(list), [1, 3]);
  assert.equal(looks, 3);
  assert.deepEqual([list.indexOf(3), list.indexOf(2)], [1, -1]);
  assert.deepEqual([0, 1, 2, 3].map((number) => list.countAfter(number)), [2, 1, 1, 0]);
});

test("the list drops what the record drops, and counts it", () => {
  const record = recordOf();
  const list = new MatchingEntries(record, EVERYTHING);
  for (let number = 1; number <= MAX_ENTRIES + 2_000; number += 1) {
    record.addEntry(call(number));
    if (number % 100 === 0) list.update();
  }
  assert.deepEqual(list.entries, record.entries);
  assert.equal(list.dropped + list.entries.length, MAX_ENTRIES + 2_000);
});

test("entries after the last evaluated one wait for the expression", () => {
  const numbers = new Set([1]);
  const list = new MatchingEntries(recordOf(call(1), call(2), call(3)), { ...EVERYTHING, numbers });
  list.update(2);
  assert.deepEqual(numbersIn(list), [1]);
  numbers.add(3);
  list.update(3);
  assert.deepEqual(numbersIn(list), [1, 3]);
});

test("an entry counts as an error from its finding on", () => {
  const record = recordOf(call(1), call(2), call(3, { type: "error", frame: [4, "m1", "InternalError", "", {}] }), call(4));
  const list = new MatchingEntries(record, { ...EVERYTHING, errors: true });
  list.update();
  assert.deepEqual(numbersIn(list), [3]);
  record.addFinding({ id: "a", severity: "warning", frames: [2, 3, 99] }, "4.1");
  record.addFinding({ id: "b", severity: "hint", frames: [1] }, "4.2");
  list.update();
  list.update();
  assert.deepEqual(numbersIn(list), [2, 3]);
});

test("a violation is marked at its path", () => {
  assert.deepEqual(violationMark("meterValue[0].sampledValue[12].value: must be of type number (type)"), {
    path: ["meterValue", 0, "sampledValue", 12, "value"], text: "must be of type number (type)",
  });
  assert.deepEqual(violationMark("payload: reason is missing (required)"), { path: [], text: "reason is missing (required)" });
  assert.deepEqual(violationMark("nested too deeply"), { path: [], text: "nested too deeply" });
});

test("the errors of the schema take the place of the same violation, and stand beside another", () => {
  const missing = { path: ["reason"], text: "is missing" };
  const unknown = { path: ["evse", "foo"], text: "is not a field of this message" };
  const type = { path: ["evse", "id"], text: "must be a whole number" };
  assert.deepEqual(marksOf("payload: reason is missing (required)", [missing, type]), [missing, type]);
  assert.deepEqual(marksOf("evse: has a property that the schema does not define (additionalProperties)", [unknown]), [unknown]);
  assert.deepEqual(marksOf("evse.id: must be of type integer (type)", [type]), [type]);
  assert.equal(marksOf("payload: reason is missing (required)", [type]).length, 2);
  assert.deepEqual(marksOf(undefined, [type]), [type]);
});

test("a rule repeats the answer, with the time of the clock", () => {
  const answer = result(2, { currentTime: "2026-11-28T19:00:00Z", list: [1, { a: null }], text: 'a"\u202e\ud800' });
  const [first] = rulesFor([call(1, { station: "CS[1]*" }), answer]);
  assert.equal(
    tomlOf(first.rule),
    '[[rules]]\nwhen = { station = "CS[[]1][*]", action = "Heartbeat" }\n' +
      'then = { answer = { currentTime = "{{now}}", list = [1, {}], text = "a\\"\\u202e\\ufffd" } }',
  );
});

test("a rule for a command changes the answer of the station", () => {
  const command = call(1, { direction: "sent", action: "Reset", frame: [2, "m1", "Reset", { type: "OnIdle" }] });
  const answer = result(2, { status: "Rejected" }, { direction: "received", violation: "x: y (type)" });
  const [first] = rulesFor([command, answer]);
  assert.deepEqual(first.rule, {
    when: { station: "CS1", action: "Reset", direction: "answer" }, then: { answer: { status: "Rejected" } }, validate: false,
  });
  assert.ok(rulesFor([command, undefined]).every(({ rule }) => rule.fault));
});

test("a CALLERROR becomes a rule with this error", () => {
  const answer = call(2, { type: "error", direction: "sent", frame: [4, "m1", "NotSupported", "no", {}] });
  assert.deepEqual(rulesFor([call(1), answer])[0].rule.then, { error: { code: "NotSupported", description: "no" } });
});

test("a command is copied as curl, and a message as the wait for it", () => {
  const command = call(1, { station: "north/7 'a'", direction: "sent", frame: [2, "m1", "Reset", { type: "it's\u202e" }], action: "Reset" });
  assert.equal(
    curlOf(command, { base: "http://localhost:9001/", needsToken: true }),
    `curl -s 'http://localhost:9001/v1/stations/north%2F7%20'\\''a'\\''/calls' -H "Authorization: Bearer $CONTROL_TOKEN"` +
      ` -d '{"action":"Reset","payload":{"type":"it'\\''s\\u202e"}}'`,
  );
  assert.equal(
    curlOf(call(1), { base: "http://localhost:9001/", needsToken: false }),
    `curl -s http://localhost:9001/v1/wait -d '{"match":{"station":"CS1","type":"call","action":"Heartbeat"},"within":60}'`,
  );
});

test("an entry is copied as it is in the journal", () => {
  assert.equal(jsonOf(call(1)), JSON.stringify([2, "m1", "Heartbeat", {}], null, 2));
  assert.equal(jsonOf({ type: "malformed", text: "[2," }), "[2,");
  assert.equal(ndjsonOf([call(1), { type: "gap" }, call(2)]), `${JSON.stringify(call(1))}\n${JSON.stringify(call(2))}\n`);
});

test("a frame with line breaks is read from its text", () => {
  const entry = call(1, { frame: undefined, text: '[2, "m1",\n"Heartbeat", {"a": 1}]' });
  assert.deepEqual(payloadOf(entry), { a: 1 });
  assert.equal(payloadOf({ ...entry, text: "[2,\n" }), undefined);
});

test("a label reads a row in a sentence", () => {
  const answer = result(2, { status: "Accepted" }, { injected: true, rule: "lost", note: "wrong-id", station: "CS\u202e1" });
  const { time } = factsOf(answer);
  assert.equal(
    labelOf(answer, [{ severity: "error" }]),
    `${time} answer, Heartbeat, to CS\\u202e1, injected, rule lost: wrong-id, after 12 ms, 1 finding, Accepted`,
  );
});

test("a fault is named once", () => {
  assert.equal(remarkOf(result(2, {}, { rule: "Heartbeat:delay=2", note: "delay=2" })), "rule Heartbeat:delay=2");
  assert.equal(remarkOf(result(2, {}, { rule: "slow", note: "delay=2" })), "rule slow: delay=2");
  assert.equal(remarkOf({ type: "refused", rule: "no", note: "503" }), "rule no");
  assert.equal(remarkOf(call(1)), "");
});

test("texts of a station are short and visible, however long and odd they are", () => {
  const hostile = "<script>\u202e".repeat(1_000);
  const entry = call(1, { action: hostile, frame: [2, "m1", hostile, { vendorId: hostile, [hostile]: hostile, ...Object.fromEntries(Array(5_000).entries()) }] });
  assert.ok(titleOf(entry).length < 500);
  assert.ok(summaryOf(entry).length < 1_000);
  assert.doesNotMatch(summaryOf(entry) + titleOf(entry), /\u202e/);
  for (const frame of [null, 1, [], [2], [2, 1, 1, 1], [3, {}, []], [4], { a: 1 }, [3, "x", { status: {}, list: [null, 1, [[]], {}] }]]) {
    factsOf(call(1, { type: "result", frame }));
    factsOf(call(1, { type: "error", frame }));
  }
});

test("an answer of the server that refuses a token or a boot has its status as outcome", () => {
  const outcome = (payload) => factsOf(result(2, payload)).outcome;
  assert.deepEqual(outcome({ idTokenInfo: { status: "Blocked" } }), { kind: "warn", text: "Blocked" });
  assert.deepEqual(outcome({ idTokenInfo: { status: "Unknown" } }), { kind: "warn", text: "Unknown" });
  assert.deepEqual(outcome({ status: "Rejected", interval: 5 }), { kind: "warn", text: "Rejected" });
  assert.deepEqual(outcome({ idTokenInfo: { status: "Accepted" }, certificateStatus: "CertificateRevoked" }).text, "CertificateRevoked");
  for (const payload of [{ idTokenInfo: { status: "Accepted" } }, { status: "Processing" }, { status: 1 }, { status: "" }, {}]) {
    assert.equal(outcome(payload).text, "result", JSON.stringify(payload));
  }
  assert.equal(factsOf(result(2, { idTokenInfo: { status: "Blocked" } })).isError, true);
});

test("a file of messages has the name of its only station", () => {
  assert.equal(fileName("CS001"), "CS001-messages.ndjson");
  assert.equal(fileName("a/b c"), "a_b_c-messages.ndjson");
  assert.equal(fileName(""), "messages.ndjson");
});
