// The answer to a command in one sentence.

import { short } from "../../text.js";

const GOOD = new Set(["Accepted", "Scheduled", "Unlocked"]);

/** Kind (good, warn or bad) and text of the answer of POST /v1/stations/{id}/calls. */
export const answerOf = (action, answer) => {
  const { kind, text } = outcomes[answer.outcome]?.(answer) ?? { kind: "bad", text: answer.outcome };
  return { kind, text: `${action}: ${short(text, 240)}` };
};

const outcomes = {
  result: ({ payload }) => {
    const statuses = statusesOf(payload);
    const kind = statuses.every((status) => GOOD.has(status)) ? "good" : "warn";
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

/** The status of an answer, or those in its list of results. */
const statusesOf = (payload) => {
  if (payload === null || typeof payload !== "object") return [];
  if (typeof payload.status === "string") return [payload.status];
  const results = Object.values(payload).filter(Array.isArray).flat();
  const statuses = results.map((result) => result?.attributeStatus ?? result?.status);
  return [...new Set(statuses.filter((status) => typeof status === "string"))];
};
