// The view "Behave": rules in words, the form of a rule, globs and the gallery.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const view = `${process.env.PAGE}/views/behave`;
const { conditionsOf, sentenceOf, usesOf } = await import(`${view}/rule_words.js`);
const { contentKind, parseRule, withCondition, withContent, withEffect, withFault, withKey, withoutEffect, writtenRule } = await import(`${view}/rule_form.js`);
const { flawAt, flawsIn, otherFlaws } = await import(`${view}/flaws.js`);
const { globMatches } = await import(`${process.env.PAGE}/glob.js`);
const { faultChoices } = await import(`${view}/faults.js`);
const { galleryRule, GROUPS, searched } = await import(`${view}/gallery.js`);

const heartbeat = { station: "CS1", action: "Heartbeat" };

const SENTENCES = [
  [{ when: { station: "CS*", action: "BootNotification" }, then: { answer: { status: "Pending" } } }, "Answers BootNotification of CS* with Pending"],
  [{ when: { action: "BootNotification" }, then: [{ answer: { status: "Pending", interval: 5 } }, { answer: { status: "Accepted" } }] },
    "Answers BootNotification of every station with Pending, interval 5; then with Accepted"],
  [{ when: heartbeat, then: { error: { code: "InternalError" }, fault: { kind: "delay", seconds: 2 } } }, "Answers Heartbeat of CS1 with the error InternalError 2 s later"],
  [{ when: heartbeat, fault: "delay=2" }, "Answers Heartbeat of CS1 2 s later"],
  [{ when: heartbeat, then: { fault: { kind: "no-answer" } } }, "Leaves Heartbeat of CS1 unanswered"],
  [{ when: heartbeat, then: { fault: { kind: "close", code: 1011 } } }, "Closes the connection with 1011 at Heartbeat of CS1"],
  [{ then: { fault: { kind: "stall", seconds: 60 } } }, "Stops reading and answering for 60 s at any message of every station"],
  [{ then: { fault: { kind: "delay", min: 1, max: 5 } } }, "Answers every message of every station 1 to 5 s later"],
  [{ when: { direction: "command" }, then: { fault: { kind: "duplicate" } } }, "Sends every command to every station twice"],
  [{ when: { direction: "answer", action: "Reset", station: "CS1" }, then: { answer: { status: "Rejected" } } }, "Reads Rejected in the answer of CS1 to Reset"],
  [{ when: { direction: "answer", action: "Reset", station: "CS1" }, then: { fault: { kind: "no-answer" } } }, "Ignores the answer of CS1 to Reset"],
  [{ when: { action: "handshake", station: "CS1" }, then: { fault: { kind: "503" } } }, "Refuses the connection of CS1 with HTTP 503"],
  [{ when: { action: "handshake" }, then: { fault: { kind: "hang", seconds: 9 } } }, "Accepts the connection of every station, then stays silent for 9 s"],
  [{ when: { action: "handshake" }, then: { fault: { kind: "expired" } } }, "Presents an expired certificate at the TLS handshake"],
  [{ when: heartbeat, then: { command: { action: "Reset", delay: 3 } } }, "Sends Reset 3 s later after Heartbeat of CS1"],
  [{ when: heartbeat, set: "broken" }, "Puts CS1 in the rule state broken after Heartbeat"],
  [{ when: heartbeat, then: { fault: { kind: "no-answer" } }, set: "broken" }, "Leaves Heartbeat of CS1 unanswered; then puts the station in the rule state broken"],
  [{ when: { action: "Authorize" }, then: { answer: { idTokenInfo: { status: "Blocked" }, customData: null } } },
    "Answers Authorize of every station with idTokenInfo.status Blocked, no customData"],
];

for (const [rule, sentence] of SENTENCES) test(`a rule reads: ${sentence}`, () => assert.equal(sentenceOf(rule), sentence));

test("a rule with marks of direction reads as visible text", () => {
  assert.equal(sentenceOf({ when: { station: "\u202eCS", action: "A\u0000" }, set: "\u2066" }), "Puts \\u202eCS in the rule state \\u2066 after A\\u0000");
});

test("conditions and limits of a rule are short texts", () => {
  const rule = { when: { nth: 2, payload: { a: 1 }, expression: "b", state: "c" }, times: 1, probability: 0.125, priority: 1, ttl: 60, validate: false };
  assert.deepEqual(conditionsOf(rule), [
    "only the 2nd message of each station", 'payload contains {"a":1}', "if b", "while in the rule state c", "with a probability of 12.5%",
    "once per station", "expires 60 s after it was added", "priority 1", "its answer may break the schema",
  ]);
  assert.deepEqual(conditionsOf({ when: { nth: 11 }, priority: 5, probability: 1 }), ["only the 11th message of each station"]);
});

test("uses of a rule are totals, and stations with the most hits first", () => {
  const uses = { CS1: { matches: 3, hits: 1 }, CS2: { matches: 2, hits: 2 }, CS3: { matches: 1, hits: 0 } };
  assert.deepEqual(usesOf({ times: 2, uses }, 2), {
    hits: 3, matches: 6, more: 1,
    stations: [{ id: "CS2", hits: 2, matches: 2, left: 0 }, { id: "CS1", hits: 1, matches: 3, left: 1 }],
  });
});

test("a listed rule is written without its counts and with a single effect", () => {
  const listed = { id: "a", when: heartbeat, then: [{ fault: { kind: "hold" } }], scope: "s", uses: {} };
  assert.deepEqual(writtenRule(listed), { id: "a", when: heartbeat, then: { fault: { kind: "hold" } } });
});

test("the JSON of a rule must be an object with objects in it", () => {
  assert.deepEqual(parseRule('{"when": {}}'), { rule: { when: {} } });
  for (const text of ["", "{", "[]", '"a"', '{"when": 4}', '{"then": [1]}', '{"then": "x"}']) assert.ok(parseRule(text).error, text);
});

test("parts of a rule change alone, and empty ones go", () => {
  assert.deepEqual(withCondition({ then: {} }, "nth", 2), { when: { nth: 2 }, then: {} });
  assert.deepEqual(withCondition({ when: { nth: 2, action: "A" } }, "nth", undefined), { when: { action: "A" } });
  assert.deepEqual(withKey({ a: 1, b: 0 }, "a", ""), { b: 0 });
  assert.deepEqual(withEffect({ set: "x" }, 0, { answer: {} }), { set: "x", then: { answer: {} } });
  assert.deepEqual(withEffect({ then: { answer: {} }, times: 1 }, 1, { error: {} }), { then: [{ answer: {} }, { error: {} }], times: 1 });
  assert.deepEqual(withoutEffect({ then: [{ answer: {} }, { error: {} }] }, 0), { then: { error: {} } });
  assert.deepEqual(withEffect({ fault: "delay=2" }, 0, { answer: {} }), { then: { answer: {} } });
});

test("an effect answers in one way, and keeps its fault", () => {
  const effect = { answer: { a: 1 }, fault: { kind: "hold" } };
  assert.equal(contentKind(effect), "answer");
  assert.deepEqual(withContent(effect, "error"), { error: { code: "InternalError" }, fault: { kind: "hold" } });
  assert.deepEqual(withContent(effect, "usual"), { fault: { kind: "hold" } });
  assert.deepEqual(withFault({}, "delay", [{ name: "seconds", value: 5 }, { name: "min", value: "" }]), { fault: { kind: "delay", seconds: 5 } });
  assert.deepEqual(withFault(effect, ""), { answer: { a: 1 } });
});

test("faults are offered where they are possible", () => {
  const kinds = (...place) => faultChoices(...place).map(({ kind }) => kind);
  assert.ok(kinds("call", "Heartbeat").includes("hold"));
  assert.ok(!kinds("command", "Reset").includes("no-answer"));
  assert.deepEqual(kinds("answer", "Reset"), ["no-answer", "close", "reset", "stall"]);
  assert.ok(kinds("call", "handshake").includes("expired") && !kinds("call", "handshake").includes("delay"));
});

test("globs match as on the server", () => {
  for (const [glob, identity] of [["GUEST-*", "GUEST-7"], ["a/b-[1-3]", "a/b-2"], ["*", "a\nb"], ["CS?", "CS1"], ["CS[12]", "CS2"], ["a[!b]", "ac"], ["[*]", "*"], ["a.b", "a.b"], ["[a-c]x", "bx"]])
    assert.ok(globMatches(glob, identity), glob);
  for (const [glob, identity] of [["CS?", "CS"], ["CS[12]", "CS3"], ["a[!b]", "ab"], ["a.b", "axb"], ["cs*", "CS1"], ["a[", "a"], ["[z-a]", "z"], ["a[!]b]", "ab"], ["a[!]b]", "ax]b]"]])
    assert.ok(!globMatches(glob, identity), glob);
});

test("the gallery has entries with unique ids, and words for each", () => {
  const entries = GROUPS.flatMap((group) => group.entries);
  assert.ok(entries.length >= 20);
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length);
  for (const entry of entries) assert.ok(entry.title && entry.expect && (entry.rule || (entry.does && entry.act.verb)), entry.id);
});

test("a rule of the gallery is about the chosen station, but not before the station is known", () => {
  const [pending] = GROUPS[0].entries;
  assert.deepEqual(galleryRule(pending, "CS1").when, { station: "CS1", action: "BootNotification" });
  assert.equal(galleryRule(pending, "CS1").id, "boot-pending@CS1");
  assert.equal(galleryRule(pending, "").id, "boot-pending");
  const tls = GROUPS.find(({ needsTls }) => needsTls).entries[0];
  assert.deepEqual([galleryRule(tls, "CS1").when, galleryRule(tls, "CS1").id], [{ action: "handshake" }, "tls-expired"]);
});

test("the gallery is searched by all words", () => {
  const found = searched("expired CERT", (entry) => entry.title).flatMap(({ entries }) => entries.map(({ id }) => id));
  assert.deepEqual(found, ["tls-expired"]);
});

const { evsesIn, kindOf, searchedTokens, seenTokens, tokenFacts } = await import(`${view}/token_words.js`);
const { controlOf, differs, groupedSettings, labelOf, SETTING_GROUPS, settingOf, shownSettings, valueText } = await import(`${view}/profile_form.js`);
const { faultIn, faultText, portSentence } = await import(`${view}/port_words.js`);
const { TLS_FAULTS } = await import(`${view}/faults.js`);
const tokenWords = await import(`${view}/token_words.js`);
const { schemas } = JSON.parse(await readFile(process.env.DOCUMENT_FILE, "utf8")).components;

test("a token has its details in words", () => {
  const token = { type: "Central", groupIdToken: "\u202eG", cacheExpiry: 60, evseId: [1, 2], personalMessage: "Hi", language: "en", certificateStatus: "Accepted" };
  assert.deepEqual(tokenFacts(token), [
    "only as Central", "group \\u202eG", "cached for 60 s after each answer", "EVSE 1, 2 only", "message “Hi”", "language en", "certificate: Accepted",
  ]);
  assert.deepEqual(tokenFacts({ cacheExpiry: "2030-01-01T00:00:00Z" }), ["cached until 2030-01-01T00:00:00Z"]);
  assert.deepEqual(["Accepted", "Blocked", "NotAtThisTime"].map(kindOf), ["good", "bad", "warn"]);
});

test("tokens are searched by idToken and by words, and sorted", () => {
  const tokens = { B10: { status: "Blocked" }, B9: {}, C: { groupIdToken: "family" } };
  assert.deepEqual(searchedTokens(tokens, "").map(([name]) => name), ["B9", "B10", "C"]);
  assert.deepEqual(searchedTokens(tokens, "FAMILY").map(([name]) => name), ["C"]);
  assert.deepEqual(searchedTokens(tokens, "accepted").map(([name]) => name), ["B9", "C"]);
});

test("EVSEs are numbers, and what is not a number is left to the server", () => {
  assert.deepEqual([evsesIn("1, 2 3"), evsesIn(" "), evsesIn("1,x")], [[1, 2, 3], undefined, [1, "x"]]);
});

test("choices of tokens and TLS faults are those of the API", () => {
  const { status, type, certificateStatus } = schemas.Token.properties;
  assert.deepEqual(tokenWords.TOKEN_STATUSES, status.enum);
  assert.deepEqual(tokenWords.TOKEN_TYPES, type.anyOf[0].enum);
  assert.deepEqual(tokenWords.CERTIFICATE_STATUSES, certificateStatus.anyOf[0].enum);
  const kinds = schemas.Then.properties.fault.anyOf.flatMap(({ properties }) => properties?.kind.enum ?? []);
  assert.deepEqual(kinds.filter((kind) => kind in TLS_FAULTS), Object.keys(TLS_FAULTS));
  const offered = new Set([...faultChoices("call", "A"), ...faultChoices("call", "handshake")].map(({ kind }) => kind));
  assert.deepEqual(kinds.filter((kind) => !offered.has(kind) && !/^[45]\d\d$/.test(kind)), []);
});

test("each setting of the API has a group and a control", () => {
  const { properties } = schemas.ProfileChange;
  const groups = groupedSettings(properties);
  assert.deepEqual(groups.map(({ title }) => title), SETTING_GROUPS.map(([title]) => title));
  assert.equal(groups.flatMap(({ names }) => names).length, Object.keys(properties).length);
  const kinds = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, controlOf(name, schema).kind]));
  const { bootStatus, heartbeatInterval, offline, whitelist, tokens, payload, firmware, password } = kinds;
  assert.deepEqual([bootStatus, heartbeatInterval, offline, whitelist, tokens, payload, firmware, password], ["choice", "number", "switch", "lines", "json", "json", "text", "password"]);
});

test("a setting that no group has comes last", () => {
  assert.deepEqual(groupedSettings({ offline: {}, brandNew: {} }), [{ title: "Tokens", names: ["offline"] }, { title: "Others", names: ["brandNew"] }]);
});

test("settings have names in words", () => {
  const names = ["heartbeatInterval", "reserveEvseId", "ocspTimeout", "costPerKwh", "evCertificateStatus", "idToken"];
  assert.deepEqual(names.map(labelOf), ["Heartbeat interval", "Reserve EVSE id", "OCSP timeout", "Cost per kWh", "EV certificate status", "Id token"]);
});

test("settings differ from their default, and have values in words", () => {
  assert.ok(differs([1], { default: [] }) && !differs([], { default: [] }) && !differs("x", {}));
  assert.deepEqual([null, true, [], ["a", "b"], {}, { a: 1 }, 4].map(valueText), ["not set", "on", "empty", "a, b", "empty", '{"a":1}', "4"]);
});

test("settings are searched, and limited to those that are not as usual", () => {
  const properties = { offline: { description: "answer Authorize with an error", default: false }, delay: { description: "seconds", default: null } };
  const groups = groupedSettings(properties);
  const shown = (others) => shownSettings(groups, { properties, values: { offline: false, delay: 4 }, changed: [], text: "", onlyOther: false, ...others }).flatMap(({ names }) => names);
  assert.deepEqual(shown({ text: "authorize ERROR" }), ["offline"]);
  assert.deepEqual(shown({ onlyOther: true }), ["delay"]);
  assert.deepEqual(shown({ onlyOther: true, changed: ["offline"] }), ["offline", "delay"]);
});

test("a problem names the setting that it is about", () => {
  const names = ["boot", "bootStatus", "tokens"];
  assert.equal(settingOf("bootStatus: Input should be", names), "bootStatus");
  assert.equal(settingOf("tokens.A.status: no", names), "tokens");
  assert.equal(settingOf("--command needs --period", names), "");
});

test("a port is described by its transport, credentials and fault", () => {
  const port = { tls: true, plain: true, securityProfile: 1, certificate: "rsa", tlsFault: "expired=2" };
  assert.equal(portSentence(port), "Accepts plain text and TLS, with the certificate rsa. A station needs a password. The TLS of the next 2 connections has the fault expired.");
  assert.equal(portSentence({ ...port, tls: false, tlsFault: null }), "Accepts only plain text. A station needs a password.");
  assert.deepEqual([faultIn("expired"), faultIn(null)], [{ kind: "expired", times: undefined }, { kind: "", times: undefined }]);
  assert.deepEqual([faultText("expired", 2), faultText("expired"), faultText("", 2)], ["expired=2", "expired", null]);
});

const { answerFields, withValueAt } = await import(`${view}/answer_schema.js`);

test("the usual fields of an answer are its enumerations, its numbers and the status of its objects", () => {
  const schema = {
    definitions: { Status: { enum: ["Accepted", "Pending"] }, Info: { type: "object", properties: { status: { $ref: "#/definitions/Status" }, note: { type: "string" } } } },
    properties: { customData: { $ref: "#/definitions/Custom" }, status: { $ref: "#/definitions/Status" }, interval: { type: "integer" }, currentTime: { type: "string" }, info: { $ref: "#/definitions/Info" } },
  };
  const choices = ["Accepted", "Pending"];
  assert.deepEqual(answerFields(schema), [{ path: ["status"], choices }, { path: ["info", "status"], choices }, { path: ["interval"] }]);
  assert.deepEqual([answerFields(undefined), answerFields({})], [[], []]);
});

test("a field of an answer is set at its path, and removed with the objects that are then empty", () => {
  assert.deepEqual(withValueAt({ a: 1 }, ["info", "status"], "Blocked"), { a: 1, info: { status: "Blocked" } });
  assert.deepEqual(withValueAt({ info: { status: "x" }, a: 1 }, ["info", "status"], undefined), { a: 1 });
  assert.deepEqual(Object.keys(withValueAt({ a: 1, b: 2 }, ["a"], 3)), ["a", "b"]);
});

test("flaws of the server stand at their fields, in the words of the form", () => {
  const flaws = flawsIn("evseId.0: Input should be a valid integer; cacheExpiry: Input should be a valid number or a valid datetime or date; when: there is no key 'x'; did you mean y?");
  assert.equal(flawAt(flaws, "evseId"), "must be a whole number");
  assert.equal(flawAt(flaws, "cacheExpiry"), "must be a number or a date and time");
  assert.equal(flawAt(flaws, "evse"), "");
  assert.equal(otherFlaws(flaws, ["evseId", "cacheExpiry"]), "when there is no key 'x'; did you mean y?");
  assert.equal(otherFlaws(flawsIn("the server cannot be reached"), []), "the server cannot be reached");
  assert.deepEqual(flawsIn(""), []);
});

test("tokens that stations have presented are suggested once, the newest first", () => {
  const call = (idToken, direction = "received") => ({ type: "call", direction, frame: [2, "m", "Authorize", { idToken: { idToken } }] });
  assert.deepEqual(seenTokens([call("A"), call("B"), call("A"), call("***"), call("C", "sent"), { type: "gap" }, { type: "call", direction: "received", frame: [2, "m", "Heartbeat", {}] }]), ["A", "B"]);
});
