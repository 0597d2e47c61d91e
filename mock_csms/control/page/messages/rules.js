// Rules made from an exchange, as JSON and as a table of a settings file.

import { quoted } from "../text.js";
import { frameOf, payloadOf } from "./summary.js";

/** Rules that fit an exchange [call, answer], whose answer may be missing: [{label, rule}]. */
export const rulesFor = ([call, answer]) => (call.direction === "sent" ? rulesForCommand(call, answer) : rulesForCall(call, answer));

const rulesForCall = (call, answer) => {
  const when = { station: globOf(call.station), action: call.action };
  return [
    ...sameAnswer(when, answer, "Answer in this way"),
    { label: "Send no answer", rule: { when, fault: "no-answer" } },
    { label: "Answer after 5 seconds", rule: { when, fault: "delay=5" } },
    { label: "Answer with an InternalError", rule: { when, then: { error: { code: "InternalError" } } } },
    { label: "Answer with broken JSON", rule: { when, fault: "malformed" } },
    { label: "Close the connection instead of an answer", rule: { when, fault: "close" } },
  ];
};

const rulesForCommand = (call, answer) => {
  const ofCommand = { station: globOf(call.station), action: call.action, direction: "command" };
  const ofAnswer = { ...ofCommand, direction: "answer" };
  const results = answer?.type === "result" ? sameAnswer(ofAnswer, answer, "Take the answer of the station for this one") : [];
  return [
    ...results,
    { label: "Ignore the answer of the station", rule: { when: ofAnswer, fault: "no-answer" } },
    { label: "Send the command after 5 seconds", rule: { when: ofCommand, fault: "delay=5" } },
    { label: "Send the command twice", rule: { when: ofCommand, fault: "duplicate" } },
    { label: "Send the command as broken JSON", rule: { when: ofCommand, fault: "malformed" } },
    { label: "Close the connection at the answer of the station", rule: { when: ofAnswer, fault: "close" } },
  ];
};

const sameAnswer = (when, answer, label) => {
  if (answer?.type === "error") return [{ label, rule: { when, then: { error: errorOf(answer) } } }];
  const payload = answer && payloadOf(answer);
  if (answer?.type !== "result" || !payload) return [];
  const rule = { when, then: { answer: withNow(payload) } };
  return [{ label, rule: answer.violation || answer.injected ? { ...rule, validate: false } : rule }];
};

const errorOf = (answer) => {
  const [, , code, description, details] = frameOf(answer);
  return { code, description, ...(details && Object.keys(details).length > 0 && { details }) };
};

/** A fixed time of the clock would soon be wrong. */
const withNow = (payload) => ("currentTime" in payload ? { ...payload, currentTime: "{{now}}" } : payload);

/** A glob that matches one identity only. */
const globOf = (station) => station.replace(/[*?[]/g, "[$&]");

/** A rule as a `[[rules]]` table of a settings file. */
export const tomlOf = (rule) => ["[[rules]]", ...membersOf(rule, tomlValue)].join("\n");

const membersOf = (object, format) =>
  Object.entries(object)
    .filter(([, value]) => value !== null && value !== undefined) // TOML has no null
    .map(([name, value]) => `${keyOf(name)} = ${format(value)}`);

const tomlValue = (value) => {
  if (typeof value === "string") return textOf(value);
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const members = membersOf(value, tomlValue);
  return members.length ? `{ ${members.join(", ")} }` : "{}";
};

const textOf = (text) => quoted(text.toWellFormed());
const keyOf = (name) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : textOf(name));
