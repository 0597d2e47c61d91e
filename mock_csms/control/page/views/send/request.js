// The request that sends a command: its body, and the same as a curl command and in Python.

import { globMatches, isGlob } from "../../glob.js";

export const NO_OPTIONS = { timeout: "", validate: true, split: false, atConnect: false, within: "" };
export const ALL_CONNECTED = "*";
const MASK = "***"; // what the server shows in place of a secret

const SEPARATOR = "\n"; // identities have no line breaks

/** Targets of a command in the parameter `station` of the address, and back. */
export const targetsOf = (text = "") => text.split(SEPARATOR).filter(Boolean);
export const textOf = (targets) => targets.join(SEPARATOR);

/** Body of POST /v1/stations/{id}/calls; without payload, the server sends its default payload. */
export const bodyOf = (action, payload, options = NO_OPTIONS) => ({
  action,
  ...(payload !== undefined && { payload }),
  ...(options.timeout && { timeout: Number(options.timeout) }),
  ...(!options.validate && { validate: false }),
  ...(options.validate && options.split && { split: true }),
  ...(options.atConnect && { when: "connected", ...(options.within && { within: Number(options.within) }) }),
});

/** What is wrong with the options, by name. */
export const optionFlaws = ({ timeout, atConnect, within }) => ({
  ...(isOutside(timeout, 3600) && { timeout: "write a number of seconds from 0.1 to 3600" }),
  ...(atConnect && isOutside(within, 86_400) && { within: "write a number of seconds from 0.1 to 86400" }),
});

const isOutside = (text, limit) => text !== "" && !(Number(text) > 0 && Number(text) <= limit);

/** The station that a typed text means: the identity of a known one, in capitals or not, or a glob; "" for any other text. */
export const targetIn = (text, known) => {
  const typed = text.trim();
  if (known.includes(typed) || isGlob(typed)) return typed;
  const alike = known.filter((id) => id.toLowerCase() === typed.toLowerCase());
  return alike.length === 1 ? alike[0] : "";
};

/** The targets with another one; all connected stations replace the others. */
export const withTarget = (targets, id) =>
  id === ALL_CONNECTED ? [ALL_CONNECTED] : [...targets.filter((known) => known !== ALL_CONNECTED && known !== id), id];

/** Identities of the stations that get a command: those that are named, and the connected ones that a glob matches. */
export const recipientsOf = (targets, connected) =>
  [...new Set(targets.flatMap((target) => (isGlob(target) ? connected.filter((id) => globMatches(target, id)) : [target])))];

/** Whether a command stops stations from charging or changes how they connect, so that it is worth a question for several. */
export const isDisruptive = (action) => DISRUPTIVE.has(action);

const DISRUPTIVE = new Set(["ChangeAvailability", "DeleteCertificate", "PublishFirmware", "Reset", "SetNetworkProfile", "UnlockConnector", "UpdateFirmware"]);

/** Whether the server fills in the payload: for several stations, or where it shows `***` instead of a secret. */
export const isLeftOut = (isDefault, targets, payload) =>
  isDefault && (targets.length > 1 || targets.some(isGlob) || hasMask(payload));

const hasMask = (value) =>
  value === MASK || (value !== null && typeof value === "object" && Object.values(value).some(hasMask));

/** Errors {path, text} for masked secrets in a payload. */
export const maskedErrors = (value, path = []) => {
  if (value === MASK) return [{ path, text: "is not the secret itself: the server shows *** instead of it" }];
  if (value === null || typeof value !== "object") return [];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([name, part]) => maskedErrors(part, [...path, isList ? Number(name) : name]));
};

/** Names of the ids in a payload that are those of the default payload, which no later command may have again. */
export const idsFrom = (defaultPayload, payload) =>
  ["requestId", "remoteStartId"].filter((name) => defaultPayload?.[name] !== undefined && payload?.[name] === defaultPayload[name]);

/** The payload with these ids from a fresh default payload. */
export const withIds = (payload, ids, fresh) =>
  ids.length ? { ...payload, ...Object.fromEntries(ids.filter((name) => fresh?.[name] !== undefined).map((name) => [name, fresh[name]])) } : payload;

/** A curl command for each target. */
export const curlOf = (base, targets, body, needsToken) => {
  const token = needsToken ? ' \\\n     -H "Authorization: Bearer $CONTROL_TOKEN"' : "";
  const data = inShell(JSON.stringify(body));
  return targets.map((id) => `curl -s ${inShell(`${base}v1/stations/${encodeURIComponent(id)}/calls`)}${token} \\\n     -d ${data}\n`).join("");
};

const inShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A script for the Python client. */
export const pythonOf = (base, targets, body, needsToken) => {
  const { action, payload, ...options } = body;
  const arguments_ = [
    inPython(action),
    ...(payload === undefined ? [] : [inPython(payload)]),
    ...Object.entries(options).map(([name, value]) => `${name}=${inPython(value)}`),
  ].join(", ");
  const lines = [
    ...(needsToken ? ["import os"] : []),
    ...(targets.some(isGlob) ? ["from fnmatch import fnmatchcase"] : []),
    ...(needsToken || targets.some(isGlob) ? [""] : []),
    "from mock_csms.client import Client",
    "",
    `csms = Client(${inPython(base.replace(/\/$/, ""))}${needsToken ? ', token=os.environ["CONTROL_TOKEN"]' : ""})`,
    ...callsOf(targets, arguments_),
  ];
  return `${lines.join("\n")}\n`;
};

const callsOf = (targets, arguments_) => {
  if (targets.length === 1 && !isGlob(targets[0])) {
    return [`answer = csms.station(${inPython(targets[0])}).call(${arguments_})`, "print(answer.outcome, answer.payload)"];
  }
  const matches = targets.map((id) => (isGlob(id) ? `fnmatchcase(known.id, ${inPython(id)})` : `known.id == ${inPython(id)}`));
  const ids = targets.some(isGlob) ? `[known.id for known in csms.stations() if known.connected and (${matches.join(" or ")})]` : inPython(targets);
  return [`for identity in ${ids}:`, `    answer = csms.station(identity).call(${arguments_})`, "    print(identity, answer.outcome, answer.payload)"];
};

const inPython = (value) => {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inPython).join(", ")}]`;
  return `{${Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${inPython(part)}`).join(", ")}}`;
};
