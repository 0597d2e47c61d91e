// Entries of the journal in a few words: the important fields of a payload, as the log shows them
// (mock_csms/log/summary.py). Invisible characters are escaped.

import { short, visible } from "../text.js";

const MAX_WIDTH = 160;
const UNNAMED = ["eventType", "connectorStatus", "status"]; // shown first and without their name
const LEFT_OUT = new Set([...UNNAMED, "customData", "statusInfo", "timestamp", "generatedAt", "currentTime", "meterValue"]);
const RESULTS = new Set(["getVariableResult", "setVariableResult", "setMonitoringResult", "clearMonitoringResult"]);
const EVENT_TITLES = {
  connected: "Connected",
  disconnected: "Disconnected",
  refused: "Connection refused",
  note: "Note",
  gap: "Missing entries",
  malformed: "Malformed frame",
};
const ACTIONLESS_TITLES = { call: "Call", result: "Answer to no open call", error: "Error" };

/** The name of an entry: its action, or what has happened. */
export const titleOf = ({ type, action }) => EVENT_TITLES[type] ?? short(action ?? ACTIONLESS_TITLES[type] ?? type);

/** The important fields of an entry on one line. */
export const summaryOf = (entry) => {
  if (entry.type === "gap") return `The server no longer has ${rangeOf(entry)}`;
  if (entry.type === "malformed") return clipped([entry.violation, rawTextOf(entry)].filter(Boolean).join(": "));
  if (!isMessage(entry)) return clipped(entry.note ?? "");
  const payload = payloadOf(entry);
  if (payload === undefined) return clipped(rawTextOf(entry));
  return entry.type === "error" ? clipped([payload.errorCode, payload.errorDescription].filter(Boolean).join(": ")) : fieldsOf(payload);
};

/** Whether an entry is a frame that is valid OCPP-J. */
export const isMessage = ({ type }) => type === "call" || type === "result" || type === "error" || type === "withheld";

/** The frame of an entry as it was parsed; undefined without one, or if it is not JSON. */
export const frameOf = (entry) => {
  if (entry.frame !== undefined || entry.text === undefined || entry.type === "malformed") return entry.frame;
  try {
    return JSON.parse(entry.text); // JSON with line breaks is sent as text
  } catch {
    return undefined;
  }
};

/** The payload of a message; of a CALLERROR, its code, description and details. */
export const payloadOf = (entry) => {
  const frame = frameOf(entry);
  if (!Array.isArray(frame)) return undefined;
  const [kind, , third, fourth, fifth] = frame;
  if (kind === 2) return objectOr(fourth);
  if (kind === 3) return objectOr(third);
  return kind === 4 ? { errorCode: third, errorDescription: fourth, errorDetails: fifth } : undefined;
};

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const objectOr = (value) => (isObject(value) ? value : undefined);
const rawTextOf = (entry) => entry.text ?? (entry.frame === undefined ? "" : JSON.stringify(entry.frame));
const clipped = (text) => short(text, MAX_WIDTH);

const rangeOf = ({ from, to }) => (from === to ? `entry ${to}` : `some or all of the entries ${from} to ${to}`);

// Payloads. A payload may have 100,000 properties: it is read only as far as its summary reaches.

const fieldsOf = (payload) => {
  const texts = UNNAMED.filter((name) => name in payload).map((name) => valueOf(payload[name]));
  let width = texts.join(" ").length;
  for (const name of Object.keys(payload)) {
    if (width > MAX_WIDTH) break;
    if (LEFT_OUT.has(name)) continue;
    const text = propertyOf(name, payload[name]);
    texts.push(text);
    width += text.length + 1;
  }
  const text = cut(texts.join(" "));
  return "statusInfo" in payload ? `${text} ${statusInfoOf(payload.statusInfo)}`.trimStart() : text;
};

const cut = (text) => (text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text);

const propertyOf = (name, value) => {
  if (Array.isArray(value)) return RESULTS.has(name) ? resultsOf(value) : `${short(name)}[${value.length}]`;
  if (isObject(value)) return SHORT_FORMS[name]?.(value) ?? `${short(name)}={..}`;
  return `${short(name)}=${valueOf(value)}`;
};

const valueOf = (value) => {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (isObject(value)) return "{..}";
  return value === "" ? "''" : short(value);
};

const resultsOf = (results) => results.slice(0, 20).map((result) => resultOf(isObject(result) ? result : {})).join(" ");

/** The status of a result in a list, with its variable or monitor if it is not Accepted. */
const resultOf = (result) => {
  const status = valueOf(result.attributeStatus ?? result.status);
  if (status === "Accepted") return status;
  const parts = [];
  if (isObject(result.component) && isObject(result.variable)) {
    parts.push(`${valueOf(result.component.name)}.${valueOf(result.variable.name)}`);
  } else if ("id" in result) parts.push(`id=${valueOf(result.id)}`);
  const info = result.attributeStatusInfo ?? result.statusInfo;
  if (info !== undefined) parts.push(statusInfoOf(info));
  return parts.length ? `${status}(${parts.join(" ")})` : status;
};

const statusInfoOf = (info) => {
  if (!isObject(info)) return `statusInfo=${valueOf(info)}`;
  const text = `reasonCode=${valueOf(info.reasonCode)}`;
  return "additionalInfo" in info ? `${text} additionalInfo=${short(info.additionalInfo, 512)}` : text;
};

const profileOf = (profile) => {
  const schedule = objectOr(first(profile.chargingSchedule)) ?? {};
  const periods = schedule.chargingSchedulePeriod;
  const limit = objectOr(first(periods))?.limit;
  const parts = [
    profile.id !== undefined && `id=${valueOf(profile.id)}`,
    profile.chargingProfilePurpose !== undefined && valueOf(profile.chargingProfilePurpose),
    profile.stackLevel !== undefined && `stackLevel=${valueOf(profile.stackLevel)}`,
    profile.chargingProfileKind !== undefined && valueOf(profile.chargingProfileKind),
    profile.transactionId && `transactionId=${valueOf(profile.transactionId)}`,
    limit !== undefined && `limit=${valueOf(limit)} ${valueOf(schedule.chargingRateUnit)}`,
    Array.isArray(periods) && periods.length > 1 && `periods=${periods.length}`,
  ];
  return `chargingProfile(${parts.filter(Boolean).join(" ")})`;
};

const first = (items) => (Array.isArray(items) ? items[0] : undefined);

const transactionOf = (info) => {
  const text = `transactionId=${valueOf(info.transactionId)}`;
  return info.chargingState ? `${text} chargingState=${valueOf(info.chargingState)}` : text;
};

/** Objects that are shown by one or two of their fields, by the property that holds them. */
const SHORT_FORMS = {
  __proto__: null,
  chargingProfile: profileOf,
  chargingStation: ({ vendorName, model }) => `${valueOf(vendorName)} ${valueOf(model)}`,
  connectionData: ({ ocppCsmsUrl }) => `ocppCsmsUrl=${valueOf(ocppCsmsUrl)}`,
  evse: ({ id, connectorId }) => (connectorId === undefined ? `evse=${valueOf(id)}` : `evse=${valueOf(id)}/${valueOf(connectorId)}`),
  firmware: ({ location }) => `firmware=${valueOf(location)}`,
  idToken: ({ idToken }) => `idToken=${valueOf(idToken)}`,
  idTokenInfo: ({ status }) => `idTokenInfo=${valueOf(status)}`,
  log: ({ remoteLocation }) => `log=${valueOf(remoteLocation)}`,
  transactionInfo: transactionOf,
};
