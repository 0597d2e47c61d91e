// Texts that the user copies: an entry as JSON, as a command for a shell, and entries as NDJSON.

import { visible } from "../text.js";
import { frameOf, payloadOf } from "./summary.js";

/** The frame of an entry as indented JSON; its text if it is not JSON, and the entry itself without a frame. */
export const jsonOf = (entry) => {
  const frame = frameOf(entry);
  if (frame === undefined && entry.text !== undefined) return entry.text;
  return JSON.stringify(frame ?? entry, null, 2);
};

/** Entries as NDJSON, as `GET /v1/journal` and the journal file have them. */
export const ndjsonOf = (entries) =>
  entries
    .filter(({ type }) => type !== "gap")
    .map((entry) => `${JSON.stringify(entry)}\n`)
    .join("");

/** The name of a file of messages, of one station or of several. */
export const fileName = (station) => `${station ? `${station.replaceAll(/[^\w.-]/g, "_")}-` : ""}messages.ndjson`;

/**
 * A curl command: it sends a command again, or waits for the next such message of the station. `call` is the CALL of an
 * exchange, or the entry of an event; `base` is the URL of the control API.
 */
export const curlOf = (call, { base, needsToken }) => {
  const isCommand = call.direction === "sent" && call.type !== "note";
  const path = isCommand ? `v1/stations/${encodeURIComponent(call.station.toWellFormed())}/calls` : "v1/wait";
  const body = isCommand ? commandOf(call) : { match: matchOf(call), within: 60 };
  const token = needsToken ? ` -H "Authorization: Bearer $CONTROL_TOKEN"` : "";
  return `curl -s ${inShell(new URL(path, base).href)}${token} -d ${inShell(plainJson(body))}`;
};

const commandOf = (call) => {
  const payload = payloadOf(call);
  return payload === undefined ? { action: call.action } : { action: call.action, payload };
};

const matchOf = ({ station, type, action }) => (action === undefined ? { station, type } : { station, type: "call", action });

/** JSON on one line; an invisible character is escaped, which JSON allows in a text. */
const plainJson = (value) => visible(JSON.stringify(value));

const inShell = (text) => (/^[\w:/.%@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
