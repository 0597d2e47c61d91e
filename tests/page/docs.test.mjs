// The data functions of the page for the API.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const page = `${process.env.PAGE}/docs`;
const { blocks, inlineParts } = await import(`${page}/markdown.js`);
const { missingOf, pretty, requestOf, splitEvents } = await import(`${page}/request.js`);
const { boundsOf, examplesOf, fieldsOf, groupsOf, innerNames, matches, typeName } = await import(`${page}/schema.js`);
const openapi = JSON.parse(await readFile(process.env.DOCUMENT_FILE, "utf8"));

const stationId = { name: "station_id", in: "path", required: true };
const station = { name: "station", in: "query" };

test("request encodes names and leaves empty fields out", () => {
  const lastId = { name: "Last-Event-ID", in: "header" };
  const values = { "path station_id": "north/7", "query station": "", "header Last-Event-ID": "4" };
  assert.deepEqual(requestOf("/v1/stations/{station_id}/calls", [stationId, station, lastId], values), {
    url: "v1/stations/north%2F7/calls",
    headers: { "Last-Event-ID": "4" },
  });
  assert.equal(requestOf("/v1/journal", [station], { "query station": "CS*&" }).url, "v1/journal?station=CS*%26");
});

test("missing names are the required ones without a value", () => {
  assert.deepEqual(missingOf([stationId, station], {}), ["station_id"]);
});

test("events are split when they are complete", () => {
  const { events, rest } = splitEvents('id: 4\nevent: entry\ndata: {"a": "b: c"}\n\n: nothing new\n\nid: 5\nev');
  assert.deepEqual(events, [
    { id: "4", event: "entry", data: '{"a": "b: c"}' },
    { id: "", event: "comment", data: "nothing new" },
  ]);
  assert.equal(rest, "id: 5\nev");
});

test("JSON is indented and other text is unchanged", () => {
  assert.equal(pretty('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(pretty("# HELP"), "# HELP");
});

test("text is divided into code, links and text, and never becomes HTML", () => {
  assert.deepEqual(inlineParts("a `<b>` **c** [d](https://e) [f](javascript:g)"), [
    { kind: "text", text: "a " },
    { kind: "code", text: "<b>" },
    { kind: "text", text: " " },
    { kind: "strong", text: "c" },
    { kind: "text", text: " " },
    { kind: "link", text: "d", href: "https://e" },
    { kind: "text", text: " " },
    { kind: "text", text: "[f](javascript:g)" },
  ]);
});

test("blocks are paragraphs, lists and code", () => {
  const kinds = blocks("one\ntwo\n\n- a\n  b\n- c\n\n```sh\ncurl x\n\ny\n```").map(({ kind }) => kind);
  assert.deepEqual(kinds, ["paragraph", "list", "pre"]);
  assert.equal(blocks("```sh\ncurl x\n\ny\n```")[0].text, "curl x\n\ny");
});

test("fields of a reference are joined with the fields beside it", () => {
  const schemas = { Problem: { description: "a", required: ["type"], properties: { type: { type: "string", description: "b" }, detail: {} } } };
  const schema = { $ref: "#/components/schemas/Problem", properties: { type: { const: "c" } } };
  const fields = fieldsOf({ components: { schemas } }, schema);
  assert.deepEqual(fields.map(({ name, type, description }) => [name, type, description]), [["type", '"c"', "b"], ["detail", "any", ""]]);
});

test("types and bounds are in words", () => {
  assert.equal(typeName({ type: "array", items: { $ref: "#/components/schemas/Upload" } }), "list of Upload");
  assert.equal(typeName({ anyOf: [{ enum: ["a"] }, { type: "null" }] }), '"a" | null');
  assert.equal(boundsOf({ anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }], default: 3 }), "from 0, default 3");
});

test("the page shows every operation of the document, with its fields and examples", () => {
  const operations = groupsOf(openapi).flatMap((group) => group.operations);
  const all = Object.values(openapi.paths).flatMap((methods) => Object.keys(methods));
  assert.equal(operations.length, all.length);
  const sendCall = operations.find(({ operationId }) => operationId === "send_call");
  const content = sendCall.requestBody.content["application/json"];
  assert.equal(fieldsOf(openapi, content.schema)[0].name, "action");
  assert.equal(examplesOf(openapi, content)[0].value.action, "Reset");
  assert.deepEqual(innerNames(sendCall.responses["200"].content["application/json"].schema), ["CallAnswer"]);
  assert.ok(matches(sendCall, "send command") && !matches(sendCall, "send xyzzy"));
});
