// Findings: merged, filtered, grouped, and written as a bug report.

import assert from "node:assert/strict";
import test from "node:test";

const view = `${process.env.PAGE}/views/findings`;
const { countsOf, filterOf, grouped, lengthUntil, matchingKinds, merged, namesOf } = await import(`${view}/groups.js`);
const { markdownOf, MAX_REPORTED, textOf } = await import(`${view}/report.js`);

const finding = (changes = {}) => ({
  id: "seq-no-missing",
  severity: "error",
  section: "E01.FR.07",
  station: "CS1",
  time: "2026-01-01T00:00:00.000Z",
  frames: [4],
  sentence: "seqNo 1 is missing",
  ...changes,
});

const at = (second) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;

test("findings of both sources are merged once, in the order of their times", () => {
  const listed = [1, 2, 3].map((second) => finding({ time: at(second) }));
  const live = [2, 3, 4].map((second) => finding({ time: at(second), key: `${second}.1` }));
  assert.deepEqual(merged(listed, live, 10).map(({ time }) => time), [1, 2, 3, 4].map(at));
  assert.deepEqual(merged(listed, live, 2).map(({ key }) => key), ["3.1", "4.1"]);
});

test("the identity of a station means this station, other text a part of identities", () => {
  const findings = ["CS1", "CS10", "north"].map((station) => finding({ station }));
  const shown = (station) => findings.filter(filterOf({ station }, ["CS1", "CS10", "north"])).map((one) => one.station);
  assert.deepEqual(shown("cs1"), ["CS1"]);
  assert.deepEqual(shown("cs"), ["CS1", "CS10"]);
  assert.deepEqual(shown(undefined), ["CS1", "CS10", "north"]);
});

test("findings pass all filters that are set", () => {
  const passes = (filters) => filterOf(filters, [])(finding());
  assert.ok(passes({ severity: "error", id: "seq-no-missing", text: "FR.07 Missing" }));
  assert.ok(!passes({ severity: "hint" }));
  assert.ok(!passes({ id: "seq-no" }));
  assert.ok(!passes({ text: "missing repeated" }));
});

test("groups with errors come first, then by name", () => {
  const groups = grouped(
    [finding({ id: "b", severity: "hint" }), finding({ id: "z" }), finding({ id: "a", severity: "hint", station: "CS2" }), finding({ id: "a", severity: "hint" })],
    "id",
  );
  assert.deepEqual(groups.map(({ name }) => name), ["z", "a", "b"]);
  assert.deepEqual(groups[1].counts, { error: 0, warning: 0, hint: 2 });
  assert.deepEqual([...groups[1].others], ["CS2", "CS1"]);
  assert.deepEqual(grouped([finding({ station: "CS10" }), finding({ station: "CS9" })], "station").map(({ name }) => name), ["CS9", "CS10"]);
});

test("the length until a finding does not count later ones", () => {
  const findings = [1, 2, 3].map((second) => finding({ time: at(second) }));
  assert.equal(lengthUntil(findings, finding({ time: at(2) })), 2);
  assert.equal(lengthUntil(findings, finding({ time: at(9) })), 3);
});

test("findings are counted by severity", () => {
  assert.deepEqual(countsOf([finding(), finding({ severity: "hint" }), finding()]), { error: 2, warning: 0, hint: 1 });
});

test("kinds are searched in all their texts", () => {
  const kinds = [
    { id: "a", severity: "error", section: "B01.FR.05", description: "a status is missing", condition: "an accepted boot", silenced: false },
    { id: "b", severity: "hint", section: "E01.FR.16", description: "the EVSE is repeated", condition: "", silenced: true },
  ];
  const ids = (filters) => matchingKinds(kinds, filters).map(({ id }) => id);
  assert.deepEqual(ids({}), ["a", "b"]);
  assert.deepEqual(ids({ text: "accepted STATUS" }), ["a"]);
  assert.deepEqual(ids({ severity: "hint" }), ["b"]);
  assert.deepEqual(ids({ isSilenced: true }), ["b"]);
});

const kind = { description: "the seqNos of a transaction have a gap" };
const entry = { direction: "received", type: "call", action: "TransactionEvent", frame: [2, "x", "TransactionEvent", {}] };

test("a report has the requirement, the sentence and the frames", () => {
  const markdown = markdownOf([finding({ frames: [4, 9] })], kind, (number) => (number === 4 ? entry : undefined));
  assert.ok(markdown.startsWith("### seq-no-missing (error)\n\nThe seqNos of a transaction have a gap.\n\nRequirement: E01.FR.07\n"));
  assert.match(markdown, /- 2026-01-01T00:00:00\.000Z, station `CS1`: seqNo 1 is missing\n/);
  assert.match(markdown, /Frame 4, TransactionEvent from the station:\n\n {2}```json\n {2}\[\n {4}2,\n/);
  assert.match(markdown, /Frame 9 is no longer stored\./);
  const text = textOf([finding()], kind, () => entry);
  assert.match(text, /\nframe 4, TransactionEvent from the station: \[2,"x","TransactionEvent",\{\}\]\n/);
});

test("texts of a station do not break the markup of a report", () => {
  const text = "```\n<script>";
  const markdown = markdownOf([finding({ station: "a`b", sentence: "*x* <b>" })], kind, () => ({ direction: "received", type: "malformed", text }));
  assert.match(markdown, /station `` a`b ``: \\\*x\\\* \\<b\\>/);
  assert.match(markdown, /\n {2}````json\n {2}```\n {2}<script>\n {2}````/);
});

test("a report has the newest findings only", () => {
  const findings = Array.from({ length: MAX_REPORTED + 3 }, (_, second) => finding({ time: at(second), frames: [] }));
  for (const report of [markdownOf(findings, kind, () => undefined), textOf(findings, kind, () => undefined)]) {
    assert.ok(!report.includes(at(2)));
    assert.ok(report.includes(at(3)));
    assert.match(report, /\n3 earlier findings of this kind are left out\.\n$/);
  }
});

test("the frames of an answer that is repeated are the call and both answers", () => {
  assert.deepEqual(namesOf({ id: "answer-repeated", frames: [2, 3, 4] }), ["Call", "First answer", "Second answer"]);
  assert.deepEqual(namesOf({ id: "answer-repeated", frames: [2, 4] }), []);
  assert.deepEqual(namesOf({ id: "call-unanswered", frames: [2, 3, 4] }), []);
});
