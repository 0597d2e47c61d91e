// The outcome of an entry, as the log shows it (mock_csms/versions.py): a kind, which has a colour and an icon, and words.

import { short } from "../text.js";
import { isMessage, payloadOf } from "./summary.js";

/** Statuses of answers that do not refuse a command. */
export const FULFILLED = new Set([
  "Accepted", "AcceptedCanceled", "EmptyResultSet", "NoFirmware", "NoProfiles", "NotFound", "RebootRequired", "Scheduled",
  "Unknown", "UnknownMessageId", "UnknownVendorId", "Unlocked", "Unpublished",
]);

const EVENTS = {
  connected: { kind: "good", text: "connected" },
  disconnected: { kind: "idle", text: "disconnected" },
  refused: { kind: "bad", text: "refused" },
  note: { kind: "info", text: "note" },
  gap: { kind: "warn", text: "missing" },
  malformed: { kind: "bad", text: "malformed" },
};
const REFUSED = { kind: "warn", text: "refused" };
const PARTLY_REFUSED = { kind: "warn", text: "partly refused" };

/** Outcome {kind, text}; the kind is good, warn, bad, info, idle or injected. The text is empty for a plain CALL. */
export const outcomeOf = (entry) => {
  if (entry.type === "withheld") return { kind: entry.rule ? "injected" : "warn", text: "not sent" };
  if (entry.injected) return { kind: "injected", text: "injected" };
  if (!isMessage(entry)) return EVENTS[entry.type] ?? { kind: "idle", text: String(entry.type) };
  if (entry.type === "error") return { kind: "bad", text: "error" };
  if (entry.violation) return { kind: "bad", text: "invalid" };
  if (entry.type === "call") return { kind: "idle", text: "" };
  return refusalOf(entry) ?? answeredNo(entry) ?? { kind: "good", text: "result" };
};

/** Whether an entry is an error, a malformed frame, a violation of the schema or a refusal. */
export const isError = (entry) =>
  entry.type === "error" ||
  entry.type === "malformed" ||
  entry.type === "refused" ||
  Boolean(entry.violation) ||
  (refusalOf(entry) ?? answeredNo(entry)) !== undefined;

/** How the answer of a station refuses a command, or some of its items; undefined if it does not. */
const refusalOf = (entry) => {
  if (entry.type !== "result" || entry.direction !== "received") return undefined;
  const isRefused = statusesOf(payloadOf(entry) ?? {}).map((status) => typeof status === "string" && !FULFILLED.has(status));
  if (!isRefused.includes(true)) return undefined;
  return isRefused.includes(false) ? PARTLY_REFUSED : REFUSED;
};

const UNDECIDED = new Set(["Processing"]);

/**
 * The status with which the server refuses a token, a boot or another request; undefined if it does not. The log has
 * "result" for all of these.
 */
const answeredNo = (entry) => {
  if (entry.type !== "result" || entry.direction !== "sent") return undefined;
  const { idTokenInfo, certificateStatus, status } = payloadOf(entry) ?? {};
  const refusing = [
    ...[idTokenInfo?.status, certificateStatus].filter((each) => each !== "Accepted"),
    ...[status].filter((each) => !FULFILLED.has(each) && !UNDECIDED.has(each)),
  ].find((each) => typeof each === "string" && each !== "");
  return refusing === undefined ? undefined : { kind: "warn", text: short(refusing, 30) };
};

/** The status of an answer, or those in its list of results. */
export const statusesOf = (answer) => {
  const results = "status" in answer ? [answer] : Object.values(answer).filter(Array.isArray).flat();
  const statuses = results.map((item) => item?.status || item?.attributeStatus);
  return statuses.filter(Boolean);
};
