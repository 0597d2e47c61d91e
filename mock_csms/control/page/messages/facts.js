// What a row shows of an entry. It is worked out once, because a row is drawn again with each new message.

import { clock, latency } from "../format.js";
import { short } from "../text.js";
import { isError, outcomeOf } from "./outcome.js";
import { isMessage, summaryOf, titleOf } from "./summary.js";

const known = new WeakMap();

/** {title, summary, outcome, isError, isMessage, isFrame, time, latency, remark} of an entry. */
export const factsOf = (entry) => {
  const facts = known.get(entry) ?? factsFrom(entry);
  known.set(entry, facts);
  return facts;
};

const factsFrom = (entry) => ({
  title: titleOf(entry),
  summary: summaryOf(entry),
  outcome: outcomeOf(entry),
  isError: isError(entry),
  isMessage: isMessage(entry),
  isFrame: entry.direction !== undefined,
  time: clock(entry.time),
  latency: latency(entry.elapsed),
  remark: remarkOf(entry),
});

/** The rule that touched an entry and its fault, such as "rule lost: no-answer"; empty without one. */
export const remarkOf = (entry) => {
  const isNamed = entry.rule?.includes(entry.note); // as in the id of a fault of the command line
  const fault = isMessage(entry) && entry.note && !isNamed ? short(entry.note) : "";
  return [entry.rule && `rule ${short(entry.rule)}`, fault].filter(Boolean).join(": ");
};

const KINDS = { call: "", result: "answer, ", error: "error, ", withheld: "message, ", malformed: "" };

/** The row in a sentence, for a screen reader. */
export const labelOf = (entry, findings = []) => {
  const { title, summary, outcome, time, latency: elapsed, remark, isFrame } = factsOf(entry);
  const route = isFrame ? (entry.direction === "received" ? "from" : "to") : "";
  const parts = [
    `${time} ${KINDS[entry.type] ?? ""}${title}`.trim(),
    entry.station && `${route} ${short(entry.station)}`.trim(),
    outcome.text,
    remark,
    elapsed && `after ${elapsed}`,
    findings.length > 0 && `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`,
    summary,
  ];
  return parts.filter(Boolean).join(", ");
};
