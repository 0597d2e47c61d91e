// The view "Send": forms from the schemas of OCPP, JSON as it is typed, requests, and recent commands.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

const { PAGE: page, SCHEMAS: schemas, DEFAULT_PAYLOADS: defaults } = process.env;
const { validate } = await import(`${page}/validation.js`);
const { emptyOf, errorsAt, formOf, parsed, textOf, withValue, without } = await import(`${page}/views/send/form_model.js`);
const { lineAt, placeOf, readJson } = await import(`${page}/views/send/json_text.js`);
const { commandsOf, groupsOf } = await import(`${page}/views/send/command_list.js`);
const { bodyOf, curlOf, idsFrom, isLeftOut, maskedErrors, NO_OPTIONS, optionFlaws, pythonOf, recipientsOf, targetIn, withIds, withTarget } = await import(`${page}/views/send/request.js`);
const { countsOf, newRun, outcomeOfAnswer, rowsByNeed, withAnswer, withEntry, withProblem } = await import(`${page}/views/send/runs.js`);
const { hasSecret, recalled, remembered } = await import(`${page}/views/send/recent.js`);

const schemaOf = (name) => JSON.parse(readFileSync(`${schemas}/${name}Request.json`, "utf8").replace(/^\ufeff/, ""));
const payloads = JSON.parse(readFileSync(defaults, "utf8"));
const actions = Object.keys(payloads);

const leavesOf = (field) => {
  const parts = [...(field.fields ?? []), ...(field.items ?? [])];
  return parts.length ? parts.flatMap(leavesOf) : [field];
};

/** Type the text of each field of a form into an empty payload. */
const typedIn = (form) => leavesOf(form).reduce((payload, field) => withValue(payload, field.path, typed(field)), {});
const typed = (field) => (["object", "list", "boolean"].includes(field.kind) ? field.value : parsed(field, textOf(field)));

test("there are payloads for all 40 commands", () => assert.equal(actions.length, 40));

for (const action of actions) {
  test(`the form of ${action} gives its payload back`, () => {
    const schema = schemaOf(action);
    const payload = payloads[action];
    const form = formOf(schema, payload);
    assert.deepEqual(typedIn(form), payload);
    assert.deepEqual(validate(schema, payload), []);
    assert.deepEqual(leavesOf(form).filter(({ kind, name }) => kind === "any" && name !== "data"), []);
  });

  test(`${action} has a valid payload with each of its fields added`, () => {
    const schema = schemaOf(action);
    const whole = everything(schema, emptyOf(schema, schema));
    assert.deepEqual(validate(schema, whole), []);
    assert.deepEqual(typedIn(formOf(schema, whole)), whole);
  });
}

/** A payload with all fields that its form offers, at every level. */
const everything = (schema, payload) => {
  const absent = fieldsOf(formOf(schema, payload)).flatMap((field) => (field.absent ?? []).map((one) => ({ ...one, path: [...field.path, one.name] })));
  if (!absent.length) return payload;
  return everything(schema, absent.reduce((filled, { node, path }) => withValue(filled, path, emptyOf(schema, node)), payload));
};

const fieldsOf = (field) => [field, ...[...(field.fields ?? []), ...(field.items ?? [])].flatMap(fieldsOf)];

test("every schema of a request has a form", () => {
  const names = readdirSync(schemas).filter((name) => name.endsWith("Request.json"));
  assert.equal(names.length, 64);
  for (const name of names) {
    const schema = schemaOf(name.replace("Request.json", ""));
    assert.equal(formOf(schema, emptyOf(schema, schema)).kind, "object");
  }
});

test("required and optional fields are told apart, and customData is hidden", () => {
  const { fields, absent } = formOf(schemaOf("Reset"), { type: "OnIdle" });
  assert.deepEqual(fields.map(({ name, isRequired, choices }) => ({ name, isRequired, choices })), [
    { name: "type", isRequired: true, choices: ["Immediate", "OnIdle"] },
  ]);
  assert.deepEqual(absent.map(({ name, isRequired }) => ({ name, isRequired })), [{ name: "evseId", isRequired: false }]);
  assert.match(absent[0].description, /^This contains the ID of a specific EVSE/);
  const { fields: sorted } = formOf(schemaOf("RequestStartTransaction"), { evseId: 1, idToken: {}, remoteStartId: 1, extra: 1 });
  assert.deepEqual(sorted.map(({ name }) => name), ["idToken", "remoteStartId", "evseId", "extra"]);
  assert.deepEqual(formOf(schemaOf("Reset"), {}).absent.map(({ name, isRequired }) => [name, isRequired]), [["type", true], ["evseId", false]]);
});

test("limits of a field come from its schema", () => {
  const form = formOf(schemaOf("RequestStartTransaction"), { idToken: { idToken: "A", type: "Central", additionalInfo: [] }, remoteStartId: 1 });
  const [idToken] = form.fields.filter(({ name }) => name === "idToken");
  const [text, , list] = idToken.fields.toSorted((one, other) => "idToken,type,additionalInfo".indexOf(one.name) - "idToken,type,additionalInfo".indexOf(other.name));
  assert.equal(text.maxLength, 36);
  assert.equal(list.minItems, 1);
  const { fields } = formOf(schemaOf("SetMonitoringLevel"), { severity: 5 });
  assert.equal(fields[0].kind, "integer");
});

test("values that do not fit the schema are shown as JSON", () => {
  const form = formOf(schemaOf("Reset"), { type: ["x"], evseId: null, other: 1 });
  assert.deepEqual(form.fields.map(({ name, kind }) => [name, kind]), [["type", "any"], ["evseId", "any"], ["other", "any"]]);
  assert.deepEqual(form.fields.map(({ isUnknown }) => isUnknown ?? false), [false, false, true]);
  const { fields } = formOf(schemaOf("Reset"), { type: "OnIdle", customData: { vendorId: "x", more: 1 } });
  assert.deepEqual(fields[1].fields.map(({ name, isUnknown }) => [name, isUnknown ?? false]), [["vendorId", false], ["more", false]]);
  assert.equal(formOf(schemaOf("Reset"), [1]).kind, "any");
});

test("a new field begins with as little as its schema allows", () => {
  const schema = schemaOf("SetChargingProfile");
  const now = new Date("2026-01-31T12:00:00.500Z");
  assert.deepEqual(emptyOf(schema, { $ref: "#/definitions/ChargingScheduleType" }, now), {
    id: 0,
    chargingRateUnit: "W",
    chargingSchedulePeriod: [{ startPeriod: 0, limit: 0 }],
  });
  assert.equal(emptyOf(schema, { type: "string", format: "date-time" }, now), "2026-01-31T12:00:00Z");
});

test("what is typed becomes a value, and only a whole number a number", () => {
  const integer = { kind: "integer" };
  assert.equal(parsed(integer, "-12"), -12);
  assert.equal(parsed(integer, "1."), "1.");
  assert.equal(parsed(integer, ""), "");
  assert.deepEqual(parsed({ kind: "any" }, '{"a": 1}'), { a: 1 });
  assert.equal(parsed({ kind: "any" }, "{a"), "{a");
  assert.equal(textOf({ kind: "any", value: "12" }), '"12"');
  assert.equal(textOf({ kind: "text", value: "12" }), "12");
});

test("changes leave the rest of the payload as it is", () => {
  const payload = { a: [{ b: 1 }, { b: 2 }], c: 3 };
  assert.deepEqual(withValue(payload, ["a", 1, "b"], 9), { a: [{ b: 1 }, { b: 9 }], c: 3 });
  assert.deepEqual(without(payload, ["a", 0]), { a: [{ b: 2 }], c: 3 });
  assert.deepEqual(without(payload, ["a", 1, "b"]), { a: [{ b: 1 }, {}], c: 3 });
  assert.deepEqual(payload, { a: [{ b: 1 }, { b: 2 }], c: 3 });
});

test("an error belongs to one field", () => {
  const errors = [{ path: ["a", 0], text: "x" }, { path: ["a"], text: "y" }];
  assert.deepEqual(errorsAt(errors, ["a"]), [errors[1]]);
  assert.deepEqual(errorsAt(errors, ["a", "0"]), []);
});

test("parts of a JSON text are found at their places", () => {
  const text = '{\n  "type": "OnIdle",\n  "list": [1, {"a\\"b": null}]\n}';
  const { value, places } = readJson(text);
  assert.deepEqual(value, JSON.parse(text));
  const at = (...path) => text.slice(placeOf(places, path).start, placeOf(places, path).end);
  assert.equal(at("type"), '"type": "OnIdle"');
  assert.equal(at("list", 0), "1");
  assert.equal(at("list", 1, 'a"b'), '"a\\"b": null');
  assert.equal(at("list", 1, "missing"), '{"a\\"b": null}');
  assert.equal(at("missing"), text);
  assert.deepEqual(lineAt(text, placeOf(places, ["list"]).start), { line: 3, column: 3 });
});

const FAULTS = {
  "": [1, /no JSON yet/],
  '{"a": 1': [1, /^} is missing at the end: the { of line 1 is still open$/],
  '{"a": 1,\n}': [2, /^remove the comma before }$/],
  '{"a": 1\n "b": 2}': [2, /^a comma or } is missing before "b": 2}$/],
  "{a: 1}": [1, /^a name in double quotes is expected here, not a$/],
  "{'a': 1}": [1, /^a name in double quotes is expected here, not 'a': 1}$/],
  '{"a" 1}': [1, /^a colon is missing after "a"$/],
  '{"a": }': [1, /^the value of "a" is missing$/],
  '{"a": True}': [1, /^write true instead of True$/],
  '{"a": \'x\'}': [1, /^a text is written in double quotes, not as 'x'}$/],
  '{"a": Immediate}': [1, /^a text is written in double quotes, not as Immediate$/],
  '{"a": 01}': [1, /^01 is not a valid JSON number$/],
  '{"a": 1, "a": 2}': [1, /^"a" is there twice; remove one of them$/],
  '{"a": "x\n"}': [1, /^the closing " is missing/],
  '{"a": "\\d"}': [1, /^\\d is not a valid JSON escape/],
  '{"a": "\t"}': [1, /^a tab or another invisible character/],
  "[1,, 2]": [1, /^a value is missing before ,$/],
  "{} {}": [1, /^nothing may follow the end of the JSON, but { does$/],
};

for (const [text, [line, words]] of Object.entries(FAULTS)) {
  test(`${JSON.stringify(text)} is not JSON, and the text says why`, () => {
    const { error } = readJson(text);
    assert.equal(error.line, line);
    assert.match(error.text, words);
  });
}

test("a text is JSON exactly if the browser can parse it", () => {
  const whole = '{"a": [1.5e3, -0, {"b\\u00e9": "x\\\\"}], "c": null, "d": ""}';
  for (let at = 0; at <= whole.length; at += 1) {
    for (const text of [whole.slice(0, at), whole.slice(0, at) + whole.slice(at + 1), ...["}", ",", '"', "\\", "0", " "].map((more) => whole.slice(0, at) + more + whole.slice(at))]) {
      const { error } = readJson(text);
      if (!error?.text.includes("is there twice")) assert.equal(error === undefined, isJson(text), text);
    }
  }
});

const isJson = (text) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("deep nesting is refused, and a name such as __proto__ is data", () => {
  assert.match(readJson("[".repeat(5_000)).error.text, /levels/);
  assert.deepEqual(Object.keys(readJson('{"__proto__": 1}').value), ["__proto__"]);
});

const commands = commandsOf([{ fromCsms: [{ action: "Reset", summary: "restarts the station" }, { action: "GetLog", summary: "asks for a log, then resets" }, { action: "New", summary: "" }] }]);

test("commands are in groups, and found by name before summary", () => {
  assert.deepEqual(groupsOf(commands).map(({ name }) => name), ["Control", "Firmware and logs", "Other"]);
  assert.deepEqual(groupsOf(commands, "LOG asks").flatMap((group) => group.commands).map(({ action }) => action), ["GetLog"]);
  assert.deepEqual(groupsOf(commands, "nothing"), []);
});

test("every command has a group", () => {
  const all = commandsOf([{ fromCsms: actions.map((action) => ({ action, summary: "" })) }]);
  assert.equal(groupsOf(all).some(({ name }) => name === "Other"), false);
});

test("only options that are used are part of the request", () => {
  assert.deepEqual(bodyOf("Reset", undefined), { action: "Reset" });
  const options = { timeout: "2.5", validate: true, split: true, atConnect: true, within: "5" };
  assert.deepEqual(bodyOf("Reset", null, options), { action: "Reset", payload: null, timeout: 2.5, split: true, when: "connected", within: 5 });
  assert.deepEqual(bodyOf("X", {}, { ...NO_OPTIONS, validate: false, split: true }), { action: "X", payload: {}, validate: false });
  assert.deepEqual(Object.keys(optionFlaws({ timeout: "-1", atConnect: true, within: "x" })), ["timeout", "within"]);
  assert.deepEqual(optionFlaws(NO_OPTIONS), {});
});

test("the server fills in the default payload of each station, and secrets", () => {
  assert.equal(isLeftOut(true, ["CS1"], { a: 1 }), false);
  assert.equal(isLeftOut(true, ["CS1", "CS2"], { a: 1 }), true);
  assert.equal(isLeftOut(true, ["*"], { a: 1 }), true);
  assert.equal(isLeftOut(true, ["CS1"], { a: [{ password: "***" }] }), true);
  assert.equal(isLeftOut(false, ["*"], { a: 1 }), false);
  assert.deepEqual(maskedErrors({ a: [{ password: "***" }], b: null }).map(({ path }) => path), [["a", 0, "password"]]);
});

test("a command that is sent again has a new id, unless its id was typed", () => {
  assert.deepEqual(idsFrom({ requestId: 4 }, { requestId: 4, x: 1 }), ["requestId"]);
  assert.deepEqual(idsFrom({ requestId: 4 }, { requestId: 99 }), []);
  assert.deepEqual(idsFrom(null, [1]), []);
  assert.deepEqual(withIds({ requestId: 4, x: 1 }, ["requestId"], { requestId: 7 }), { requestId: 7, x: 1 });
  assert.deepEqual(withIds({ requestId: 4 }, ["requestId"], null), { requestId: 4 });
  assert.deepEqual(withIds([1], [], { requestId: 7 }), [1]);
});

test("a curl command is quoted for the shell", () => {
  const body = bodyOf("DataTransfer", { vendorId: "it's" });
  assert.equal(
    curlOf("http://localhost:9001/", ["north/7"], body, false),
    `curl -s 'http://localhost:9001/v1/stations/north%2F7/calls' \\\n     -d '{"action":"DataTransfer","payload":{"vendorId":"it'\\''s"}}'\n`,
  );
  assert.match(curlOf("http://localhost:9001/", ["a", "b"], body, true), /Bearer \$CONTROL_TOKEN.*\n.*\n.*stations\/b\//);
});

test("a Python call has the values of Python", () => {
  const body = bodyOf("X", { a: true, b: [null, "é\n"] }, { ...NO_OPTIONS, timeout: "5", validate: false });
  assert.equal(
    pythonOf("http://localhost:9001/", ["CS1"], body, false),
    'from mock_csms.client import Client\n\ncsms = Client("http://localhost:9001")\n' +
      'answer = csms.station("CS1").call("X", {"a": True, "b": [None, "é\\n"]}, timeout=5, validate=False)\n' +
      "print(answer.outcome, answer.payload)\n",
  );
  const script = pythonOf("http://h/", ["CS*", "A"], bodyOf("X", undefined), true);
  assert.match(script, /^import os\nfrom fnmatch import fnmatchcase\n\nfrom mock/);
  assert.match(script, /if known\.connected and \(fnmatchcase\(known\.id, "CS\*"\) or known\.id == "A"\)\]:/);
});

test("payloads with secrets are recognised", () => {
  const secret = [
    { connectionData: { apn: { apnPassword: "x" } } },
    { connectionData: { vpn: { key: "x" } } },
    { setVariableData: [{ attributeValue: "x", component: { name: "SecurityCtrlr" }, variable: { name: "BasicAuthPassword" } }] },
    { idToken: { idToken: "1234", type: "KeyCode" } },
    { data: "-----BEGIN PRIVATE KEY-----" },
    { location: "ftp://user:word@host/x" },
    { data: '{"password": "x"}' },
  ];
  for (const payload of secret) assert.equal(hasSecret(payload), true, JSON.stringify(payload));
  for (const action of actions) assert.equal(hasSecret(payloads[action]), false, action);
});

test("at most 30 recent commands are kept, each once", () => {
  let recent = [];
  for (let index = 0; index < 40; index += 1) recent = remembered(recent, { action: `A${index % 35}`, targets: [], options: {}, time: index });
  assert.equal(recent.length, 30);
  assert.deepEqual(recent.slice(0, 2).map(({ time }) => time), [39, 38]);
  assert.equal(new Set(recent.map(({ action }) => action)).size, 30);
  assert.deepEqual(recalled(JSON.stringify(recent)), recent);
  for (const text of ["", "{}", "[1, null]", "null"]) assert.deepEqual(recalled(text), []);
});

const NOW = Date.parse("2026-01-31T12:00:00Z");
const runOf = (...targets) => newRun({ key: 1, action: "Reset", targets, since: 10, now: NOW });
const call = { number: 11, station: "CS1", direction: "sent", type: "call", action: "Reset", messageId: "m1" };

test("the entry of a command is found before its answer, and by its message id after it", () => {
  const sent = withEntry(runOf("CS1", "CS2"), call);
  assert.deepEqual(sent.rows.map(({ entry }) => entry), [11, undefined]);
  assert.equal(withEntry(runOf("CS1"), { ...call, number: 9 }).rows[0].entry, undefined);
  assert.equal(withEntry(sent, { ...call, number: 12, messageId: "m2" }).rows[0].entry, 11);
  const answered = withAnswer(sent, "CS1", { outcome: "result", messageId: "m2", payload: {} }, 12);
  assert.equal(answered.rows[0].entry, 12);
  assert.equal(withEntry(withAnswer(runOf("CS1"), "CS1", { outcome: "result", messageId: "m1" }), call).rows[0].entry, 11);
});

test("an answer shows as soon as it is in the journal", () => {
  const frame = [3, "m1", { status: "Accepted" }];
  const entry = { number: 12, station: "CS1", direction: "received", type: "result", partner: 11, messageId: "m1", elapsed: 0.5, frame };
  const { rows } = withEntry(withEntry(runOf("CS1"), call), entry);
  assert.deepEqual(rows[0].answer, { outcome: "result", messageId: "m1", elapsed: 0.5, payload: { status: "Accepted" } });
  const error = { ...entry, type: "error", frame: [4, "m1", "NotSupported", "no", {}] };
  assert.equal(withEntry(withEntry(runOf("CS1"), call), error).rows[0].answer.errorCode, "NotSupported");
});

test("outcomes have words and a kind", () => {
  const outcome = (answer) => outcomeOfAnswer({ answer });
  const result = (payload, more) => outcome({ outcome: "result", payload, ...more });
  assert.deepEqual(result({ status: "Accepted" }), { kind: "good", text: "Accepted" });
  assert.deepEqual(result({ status: "Rejected" }), { kind: "warn", text: "Rejected" });
  assert.deepEqual(result({ setVariableResult: [{ attributeStatus: "Accepted" }, { attributeStatus: "Accepted" }] }), { kind: "good", text: "Accepted" });
  assert.deepEqual(result({}), { kind: "good", text: "answered" });
  assert.deepEqual(result({ getVariableResult: [{ attributeStatus: "Accepted" }, { attributeStatus: "UnknownVariable" }] }), { kind: "warn", text: "1 of 2 Accepted" });
  assert.deepEqual(result({ status: "Accepted" }, { violation: "x" }), { kind: "bad", text: "invalid answer" });
  assert.deepEqual(outcome({ outcome: "error", errorCode: "NotSupported" }), { kind: "bad", text: "NotSupported" });
  assert.deepEqual(outcome({ outcome: "timeout" }), { kind: "bad", text: "no answer" });
  assert.deepEqual(outcomeOfAnswer({ problem: "x" }), { kind: "bad", text: "not sent" });
  assert.deepEqual(outcomeOfAnswer({ problem: "x", isUnknown: true }), { kind: "warn", text: "outcome unknown" });
  assert.deepEqual(outcomeOfAnswer({}), { kind: "idle", text: "waiting" });
});

test("outcomes of many stations are counted, the most frequent first", () => {
  let run = runOf("a", "b", "c", "d");
  for (const id of ["a", "b"]) run = withAnswer(run, id, { outcome: "result", payload: { status: "Accepted" } });
  run = withProblem(run, "c", "no station 'c' is known");
  assert.deepEqual(rowsByNeed(run).map(({ id }) => id), ["c", "d", "a", "b"]);
  assert.deepEqual(countsOf(run), [{ kind: "good", text: "Accepted", count: 2 }, { kind: "bad", text: "not sent", count: 1 }, { kind: "idle", text: "waiting", count: 1 }]);
});

const descriptionOf = (description) => formOf({ type: "object", properties: { a: { type: "string", description } } }, { a: "" }).fields[0].description;

test("descriptions have no names of the data model, and no markup", () => {
  const description = "Name. Of_ Model\r\nurn:x-oca:ocpp:uid:1:5\r\nSee &lt;&lt;key-size, Value &amp; Size&gt;&gt;, a &lt; b.\r\n";
  assert.equal(descriptionOf(description), "See Value & Size, a < b.");
  assert.equal(descriptionOf("Actual (_attributeType_ Actual), sim_pin"), "Actual (attributeType Actual), sim_pin");
});

test("descriptions of all requests have no markup", () => {
  const texts = (node) => (node === null || typeof node !== "object" ? [] : [...(typeof node.description === "string" ? [node.description] : []), ...Object.values(node).flatMap(texts)]);
  const shown = actions.flatMap((action) => texts(schemaOf(action))).map(descriptionOf);
  assert.ok(shown.length > 100);
  assert.deepEqual(shown.filter((text) => /&\w+;|<<|>>|urn:|_\w+_/.test(text)), []);
});

test("typed text is a target if it is a known identity or a glob", () => {
  const known = ["CS001", "CS002", "Dock", "dock"];
  assert.equal(targetIn(" CS001 ", known), "CS001");
  assert.equal(targetIn("cs002", known), "CS002");
  assert.equal(targetIn("CS0*", known), "CS0*");
  assert.equal(targetIn("dock", known), "dock");
  for (const text of ["", "CS", "DOCK", "CS003"]) assert.equal(targetIn(text, known), "");
});

test("a target is added once, and all connected stations replace the others", () => {
  assert.deepEqual(withTarget(["a", "b"], "a"), ["b", "a"]);
  assert.deepEqual(withTarget(["a", "b"], "*"), ["*"]);
  assert.deepEqual(withTarget(["*"], "a"), ["a"]);
});

test("recipients are the named stations and the connected ones of a glob", () => {
  assert.deepEqual(recipientsOf(["CS9", "CS0*", "CS01"], ["CS01", "CS02", "DEPOT"]), ["CS9", "CS01", "CS02"]);
  assert.deepEqual(recipientsOf(["*"], ["CS01", "DEPOT"]), ["CS01", "DEPOT"]);
});
