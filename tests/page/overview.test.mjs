// The overview: numbers and sentences from the statistics and facts of the server.

import assert from "node:assert/strict";
import test from "node:test";

const { audienceOf, eventsIn, fewDigits, fillOf, newestKnown, newestMean, planOf, worstStations } = await import(
  `${process.env.PAGE}/views/overview/figures.js`
);

test("the newest values are averaged, without those that are unknown", () => {
  assert.equal(newestMean([100, 1, null, 3, null, 5]), 3);
  assert.equal(newestMean([null]), null);
  assert.equal(newestMean([]), null);
});

test("the newest known value is found", () => {
  assert.equal(newestKnown([4, 7, null]), 7);
  assert.equal(newestKnown([null]), null);
});

test("events are counted from events per second", () => {
  assert.equal(eventsIn([0, 0.5, 1.5]), 4);
  assert.equal(eventsIn([]), 0);
});

test("numbers have few digits", () => {
  assert.deepEqual([0, 0.01, 0.44, 9.96, 12.4, 1240.2].map(fewDigits), ["0", "<0.1", "0.4", "10", "12", "1,240"]);
});

test("the plan of a command is a phrase", () => {
  assert.equal(planOf({ delay: null, period: 30 }), "every 30 s");
  assert.equal(planOf({ delay: 0, period: null }), "at once");
  assert.equal(planOf({ delay: 5, period: 0.5 }), "after 5 s, then every 0.5 s");
  assert.equal(audienceOf({ stations: "*" }), "all stations");
  assert.equal(audienceOf({ stations: "CS0*" }), "CS0*");
});

test("the journal is full when its entries or its bytes are", () => {
  assert.equal(fillOf({ stored: 10, maxEntries: 20, bytes: 1, maxBytes: 100 }), 0.5);
  assert.equal(fillOf({ stored: 10, maxEntries: 20, bytes: 75, maxBytes: 100 }), 0.75);
  assert.equal(fillOf({ stored: 0, maxEntries: 0, bytes: 200, maxBytes: 100 }), 1);
});

test("the worst stations have most errors, then warnings", () => {
  const station = (id, error, warning, hint = 0) => ({ id, findings: { error, warning, hint } });
  const stations = [station("a", 0, 9), station("b", 1, 0), station("c", 0, 0, 5), station("d", 1, 2)];
  assert.deepEqual(worstStations(stations, 5).map(({ id }) => id), ["d", "b", "a"]);
  assert.deepEqual(worstStations(stations, 1).map(({ id }) => id), ["d"]);
});
