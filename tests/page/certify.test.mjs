// The certification rehearsal: verdicts, counts, rows by block, and changes of a run.

import assert from "node:assert/strict";
import test from "node:test";

const view = `${process.env.PAGE}/views/certify`;
const {
  commandsFor, countsOf, lookOf, mandatoryOf, nextCell, notPassed, ofProfile, ofVerdict, openPrompt, profilesOf, progressText, rowsOf, runningCase, settled, updated, verdictOf,
} = await import(`${view}/run.js`);

const testCase = (changes = {}) => ({ id: "TC_B_01_CS", title: "Boots", block: "B", profiles: ["Core"], mandatory: true, applies: true, verdict: null, ...changes });
const run = (changes = {}) => ({ run: "a", version: 3, finishedAt: null, prompt: null, cases: [testCase(), testCase({ id: "TC_E_01_CS", block: "E" })], ...changes });

test("a case without a verdict has not run, or is skipped", () => {
  assert.equal(verdictOf(testCase()), "PENDING");
  assert.equal(verdictOf(testCase({ skipped: "needs a person" })), "SKIPPED");
  assert.equal(verdictOf(testCase({ applies: false })), "SKIPPED");
  assert.equal(verdictOf(testCase({ applies: false, verdict: "PASS" })), "PASS");
  assert.deepEqual(lookOf(testCase({ verdict: "FAIL" })).letter, "F");
});

test("changes replace cases of the same run, and another run is fetched whole", () => {
  const answer = run({ version: 5, cases: [testCase({ id: "TC_E_01_CS", verdict: "PASS" })] });
  const merged = updated(run(), answer);
  assert.deepEqual([merged.version, ...merged.cases.map(verdictOf)], [5, "PENDING", "PASS"]);
  assert.equal(updated(run({ run: "b" }), answer), null);
});

test("a case that ran when the run was aborted has not run", () => {
  const cases = [testCase({ verdict: "RUNNING", steps: [] }), testCase({ verdict: "PASS" })];
  assert.deepEqual(settled(run({ cases, finishedAt: "2026-01-01T00:00:00Z" })).cases.map(verdictOf), ["PENDING", "PASS"]);
  assert.deepEqual(settled(run({ cases })).cases.map(verdictOf), ["RUNNING", "PASS"]);
});

test("a prompt is open until it is answered", () => {
  const prompt = { id: "1", text: "Plug in", answer: null };
  assert.equal(openPrompt(run({ prompt })), prompt);
  assert.equal(openPrompt(run({ prompt: { ...prompt, answer: "done" } })), null);
  assert.equal(openPrompt(run()), null);
  assert.equal(openPrompt(null), null);
});

test("cases are counted by verdict and filtered by verdict and profile", () => {
  const cases = [testCase(), testCase({ verdict: "PASS", profiles: ["ISO 15118", "Core"] }), testCase({ verdict: "FAIL", profiles: [] })];
  assert.deepEqual([countsOf(cases).PENDING, countsOf(cases).PASS, countsOf(cases).ERROR], [1, 1, 0]);
  assert.deepEqual(profilesOf(cases), ["Core", "ISO 15118"]);
  assert.deepEqual([ofProfile(cases, "Core").length, ofProfile(cases, "").length], [2, 3]);
  assert.deepEqual([ofVerdict(cases, "FAIL").length, ofVerdict(cases, "").length], [1, 3]);
});

test("rows are the blocks in the order of the run", () => {
  const rows = rowsOf([testCase({ block: "E" }), testCase({ block: "B" }), testCase({ block: "E" }), testCase({ block: "X" })]);
  assert.deepEqual(rows.map(({ block, name, cases }) => [block, name, cases.length]), [["E", "Transactions", 2], ["B", "Provisioning", 1], ["X", "", 1]]);
});

test("mandatory cases count only if they apply", () => {
  const cases = ["PASS", "FAIL", "ERROR", "SKIPPED", "RUNNING", null].map((verdict) => testCase({ verdict }));
  const others = [testCase({ mandatory: false, verdict: "PASS" }), testCase({ applies: false })];
  assert.deepEqual(mandatoryOf([...cases, ...others]), { all: 6, passed: 1, notPassed: 2, skipped: 1, left: 2 });
  assert.equal(notPassed(cases).length, 2);
  assert.equal(runningCase(cases), cases[4]);
});

test("the text beside the view counts cases that run, or asks for an answer", () => {
  const cases = [testCase({ verdict: "PASS" }), testCase({ verdict: "RUNNING" }), testCase(), testCase({ skipped: "x" })];
  assert.equal(progressText(run({ cases })), "1/3");
  assert.equal(progressText(run({ cases, finishedAt: "2026-01-01T00:00:00Z" })), "");
  assert.equal(progressText(run({ cases, prompt: { id: "1", answer: null } })), "?");
  assert.equal(progressText(null), "");
});

test("arrow keys move within rows and to the next row", () => {
  const lengths = [3, 1, 4];
  const to = (index, key) => nextCell(lengths, index, `Arrow${key}`);
  assert.deepEqual([to(0, "Right"), to(2, "Right"), to(7, "Right"), to(0, "Left"), to(3, "Left")], [1, 3, 7, 0, 2]);
  assert.deepEqual([to(2, "Down"), to(3, "Down"), to(6, "Down"), to(6, "Up"), to(1, "Up")], [3, 4, 6, 3, 1]);
});

test("commands name a station that a shell and a file take as it is", () => {
  assert.deepEqual(commandsFor(["a b", "-x", "CS7"], "http://h:1"), ["mock-csms certify init CS7 --against http://h:1", "mock-csms certify CS7.toml --against http://h:1"]);
  assert.match(commandsFor([], "http://h:1")[1], /CS001\.toml/);
});
