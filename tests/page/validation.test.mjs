// Payloads checked against the schemas of OCPP: places of errors, and their words.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const { validate } = await import(`${process.env.PAGE}/validation.js`);

const schemaOf = (name) => JSON.parse(readFileSync(`${process.env.SCHEMAS}/${name}.json`, "utf8").replace(/^\ufeff/, ""));

const period = { startPeriod: 0, limit: 16.5 };
const profile = {
  id: 1,
  stackLevel: 0,
  chargingProfilePurpose: "TxProfile",
  chargingProfileKind: "Absolute",
  chargingSchedule: [{ id: 1, chargingRateUnit: "A", chargingSchedulePeriod: [period] }],
};
const request = schemaOf("SetChargingProfileRequest");
const errorsOf = (changes, options) => validate(request, { evseId: 1, chargingProfile: { ...profile, ...changes } }, options);
const sorted = (errors) => errors.toSorted((one, other) => (String(one.path) < String(other.path) ? -1 : 1));

test("a valid payload has no errors", () => {
  assert.deepEqual(errorsOf({}), []);
  assert.deepEqual(errorsOf({ validFrom: "2026-01-31T12:00:00Z", customData: { vendorId: "x", any: [1] } }), []);
});

test("each error has its place and plain words", () => {
  const chargingSchedule = [{ id: 1.5, chargingRateUnit: "kW", chargingSchedulePeriod: [period, { limit: "16" }] }];
  const at = (...path) => ["chargingProfile", "chargingSchedule", 0, ...path];
  assert.deepEqual(sorted(errorsOf({ chargingSchedule })), [
    { path: at("chargingRateUnit"), text: "must be one of W, A" },
    { path: at("chargingSchedulePeriod", 1, "limit"), text: "must be a number" },
    { path: at("chargingSchedulePeriod", 1, "startPeriod"), text: "is missing" },
    { path: at("id"), text: "must be a whole number" },
  ]);
});

test("limits are named with what is there", () => {
  assert.deepEqual(errorsOf({ transactionId: "é".repeat(37) }), [
    { path: ["chargingProfile", "transactionId"], text: "has 37 characters, but at most 36 are allowed" },
  ]);
  assert.deepEqual(errorsOf({ chargingSchedule: [] }), [
    { path: ["chargingProfile", "chargingSchedule"], text: "has 0 items, but needs at least 1" },
  ]);
  assert.deepEqual(errorsOf({ "a/b~c": 1 }), [
    { path: ["chargingProfile", "a/b~c"], text: "is not a field of this message" },
  ]);
});

test("times need a zone, unless they are not checked or a placeholder", () => {
  const text = "must be a date and time with a zone, as in 2026-01-31T12:00:00Z";
  assert.deepEqual(errorsOf({ validTo: "2026-01-31T12:00:00" }), [{ path: ["chargingProfile", "validTo"], text }]);
  assert.deepEqual(errorsOf({ validTo: "2026-01-31" }, { times: false }), []);
  assert.deepEqual(errorsOf({ validTo: "{{now}}" }), []);
});

test("a payload that is not an object is an error of the whole", () => {
  assert.deepEqual(validate(request, [1]), [{ path: [], text: "must be an object { }" }]);
});

test("the errors of a huge payload are limited", () => {
  const chargingSchedulePeriod = Array.from({ length: 5_000 }, () => ({}));
  assert.equal(errorsOf({ chargingSchedule: [{ ...profile.chargingSchedule[0], chargingSchedulePeriod }] }).length, 100);
});
