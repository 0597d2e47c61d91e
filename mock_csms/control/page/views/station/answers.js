// The answer to a command in one sentence.

import { FULFILLED, statusesOf } from "../../messages/outcome.js";
import { short } from "../../text.js";

/** Kind (good, warn or bad) and text of the answer of POST /v1/stations/{id}/calls. */
export const answerOf = (action, answer) => {
  const { kind, text } = outcomes[answer.outcome]?.(answer) ?? { kind: "bad", text: answer.outcome };
  return { kind, text: `${action}: ${short(text, 240)}` };
};

const outcomes = {
  result: ({ payload, violation }) => {
    if (violation) return { kind: "bad", text: `the answer breaks its schema: ${violation}` };
    const statuses = [...new Set(statusesOf(payload ?? {}).filter((status) => typeof status === "string"))];
    const kind = statuses.every((status) => FULFILLED.has(status)) ? "good" : "warn";
    const { reasonCode, additionalInfo } = payload?.statusInfo ?? {};
    const reasons = [statuses.join(", ") || JSON.stringify(payload), reasonCode, additionalInfo];
    return { kind, text: reasons.filter(Boolean).join(": ") };
  },
  error: ({ errorCode, errorDescription, detail }) => ({
    kind: "bad",
    text: [errorCode, errorDescription, detail].filter(Boolean).join(": "),
  }),
  timeout: () => ({ kind: "bad", text: "the station did not answer in time" }),
  disconnected: () => ({ kind: "bad", text: "the station disconnected before it answered" }),
};
