// The base of the page: addresses, events, the record, texts and numbers.

import assert from "node:assert/strict";
import test from "node:test";

const page = process.env.PAGE;
const { hashOf, parseHash } = await import(`${page}/address.js`);
const { forEach } = await import(`${page}/concurrent.js`);
const { EventParser } = await import(`${page}/sse.js`);
const { JournalRecord, MAX_ENTRIES } = await import(`${page}/record.js`);
const { quoted, short, visible } = await import(`${page}/text.js`);
const { ago, bytes, clock, dateTime, energy, latency, plural, power, shareText, span, timeOrDate } = await import(`${page}/format.js`);

test("work is done for each item, never for more than a few at once", async () => {
  const done = [];
  let running = 0;
  let most = 0;
  await forEach([1, 2, 3, 4, 5, 6, 7, 8, 9], async (item) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running -= 1;
    done.push(item);
  });
  assert.deepEqual([done, most], [[1, 2, 3, 4, 5, 6, 7, 8, 9], 4]);
});

test("a part of a whole is one number if it is the whole", () => {
  assert.deepEqual([shareText(0, 0), shareText(3, 3), shareText(2, 3), shareText(0, 1), shareText(998, 2000)], ["", "3", "2/3", "0/1", "998/999+"]);
});

test("a time of another day has its date", () => {
  const noon = new Date(2026, 10, 28, 12);
  assert.equal(timeOrDate(new Date(2026, 10, 28, 11, 5, 7), noon), "11:05:07");
  assert.match(timeOrDate(new Date(2026, 10, 27, 11, 5, 7), noon), /27 Nov 2026/);
});

test("an address is read as it was written", () => {
  const hash = hashOf(["stations", "north/7 <é>"], { tab: "a b&c", empty: "", none: undefined });
  assert.equal(hash, "#/stations/north%2F7%20%3C%C3%A9%3E?tab=a+b%26c");
  assert.deepEqual(parseHash(hash), { parts: ["stations", "north/7 <é>"], params: { tab: "a b&c" } });
  assert.deepEqual(parseHash(""), { parts: [], params: {} });
  assert.deepEqual(parseHash("#/stations/%zz").parts, ["stations", "%zz"]);
});

test("events are complete at the empty line, in whatever pieces they arrive", () => {
  const text = 'id: 4\nevent: entry\ndata: {"a": "b: c"}\n\n: nothing new\nid: 5\n\nid: 6\nev';
  const expected = [
    { id: "4", event: "entry", data: '{"a": "b: c"}' },
    { id: "5", event: "", data: "" },
  ];
  assert.deepEqual(new EventParser().push(text), expected);
  const parser = new EventParser();
  assert.deepEqual([...text].flatMap((character) => parser.push(character)), expected);
});

test("an entry is linked with its answer and its findings", () => {
  const record = new JournalRecord();
  assert.equal(record.addEntry({ number: 4 }), true);
  record.addEntry({ number: 5, partner: 4 });
  record.addFinding({ id: "x", frames: [4, 5] }, "5.1");
  assert.equal(record.addEntry({ number: 4 }), false);
  assert.equal(record.entries.length, 2);
  assert.equal(record.answerTo(4).number, 5);
  assert.equal(record.findingsAbout(4)[0].key, "5.1");
  assert.deepEqual(record.findingsAbout(6), []);
});

test("the record keeps the newest entries only", () => {
  const record = new JournalRecord();
  for (let number = 1; number <= 3 * MAX_ENTRIES; number += 1) record.addEntry({ number });
  assert.ok(record.entries.length < 1.2 * MAX_ENTRIES);
  assert.equal(record.entries.at(-1).number, 3 * MAX_ENTRIES);
  assert.equal(record.entry(1), undefined);
});

test("findings that are not kept are no longer about their frames", () => {
  const record = new JournalRecord();
  record.addFinding({ id: "x", frames: [4] }, "4.1");
  record.addFinding({ id: "y", frames: [4, 5] }, "5.1");
  record.keepFindings(({ id }) => id === "y");
  assert.deepEqual(record.findings.map(({ key }) => key), ["5.1"]);
  assert.deepEqual(record.findingsAbout(4).map(({ key }) => key), ["5.1"]);
});

test("invisible characters and marks of direction are escaped", () => {
  assert.equal(visible("a\u202eb\u0000\ud800c\u{1f50c}"), "a\\u202eb\\u0000\\ud800c\u{1f50c}");
  assert.equal(quoted('"\u2066<b>'), '"\\"\\u2066<b>"');
  assert.equal(short("x".repeat(80), 10), `${"x".repeat(9)}…`);
});

test("numbers have units", () => {
  assert.equal(latency(0.000229), "0.2 ms");
  assert.equal(latency(1.5), "1.50 s");
  assert.equal(energy(12_400), "12.40 kWh");
  assert.equal(power(11_040), "11.0 kW");
  assert.equal(bytes(16 * 1024 * 1024), "16 MiB");
  assert.equal(plural(1, "finding"), "1 finding");
  assert.equal(span((new Date("soon") - new Date(0)) / 1000), "");
  assert.deepEqual([1, 2].map((number) => plural(number, "entry", "entries")), ["1 entry", "2 entries"]);
  assert.deepEqual([clock("noon"), dateTime({}), dateTime(null)], ["", "", ""]);
  assert.equal(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:05:00Z")), "5 min");
});
