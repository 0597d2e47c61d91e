// Commands that were sent from the page: their stations, and what each has answered so far.

import { FULFILLED, statusesOf } from "../../messages/outcome.js";

/** A command on its way: `since` is the newest entry before it was sent, `rows` has one row for each station. */
export const newRun = ({ key, action, targets, since, now = Date.now() }) => ({
  key,
  action,
  since,
  time: now,
  isPending: true,
  rows: targets.map((id) => ({ id })),
});

/** A run with the answer of a station; `entry` is the number of the CALL in the journal, if it is known. */
export const withAnswer = (run, id, answer, entry) =>
  withRow(run, id, (row) => ({ ...row, answer, entry: entry ?? row.entry }));

/** A run with the reason why nothing was sent to a station, or why that is not known. */
export const withProblem = (run, id, problem, isUnknown = false) => withRow(run, id, (row) => ({ ...row, problem, isUnknown }));

/** A run without the row of a glob, whose stations are rows of their own. */
export const withoutRow = (run, id) => ({ ...run, rows: run.rows.filter((row) => row.id !== id) });

/** A run with what an entry of the journal shows: that the CALL was sent, or its answer. The same run if nothing. */
export const withEntry = (run, entry) => {
  const row = run.rows.find(({ id }) => id === entry.station);
  if (!row || entry.number <= run.since) return run;
  if (isCallOf(run, row, entry)) return withRow(run, row.id, (known) => ({ ...known, entry: entry.number }));
  const isAnswer = entry.partner !== undefined && entry.partner === row.entry && !row.answer && !row.problem;
  return isAnswer && ["result", "error"].includes(entry.type) ? withAnswer(run, row.id, answerOf(entry)) : run;
};

const withRow = (run, id, change) => ({ ...run, rows: run.rows.map((row) => (row.id === id ? change(row) : row)) });

const isCallOf = ({ action }, row, entry) => {
  if (entry.direction !== "sent" || entry.type !== "call" || row.entry !== undefined || row.problem) return false;
  return row.answer ? row.answer.messageId === entry.messageId : entry.action === action;
};

const answerOf = ({ type, messageId, elapsed, frame, violation }) => {
  const sent = { outcome: type, messageId, elapsed };
  if (type === "result") return { ...sent, payload: frame[2], ...(violation && { violation: String(violation) }) };
  return { ...sent, errorCode: frame[2], errorDescription: frame[3], errorDetails: frame[4] };
};

/** Outcome {kind, text} of a row. */
export const outcomeOfAnswer = ({ answer, problem, isUnknown }) => {
  if (problem) return isUnknown ? { kind: "warn", text: "outcome unknown" } : { kind: "bad", text: "not sent" };
  if (!answer) return { kind: "idle", text: "waiting" };
  if (answer.outcome === "result") return answer.violation ? { kind: "bad", text: "invalid answer" } : outcomeOfResult(answer.payload);
  return { kind: "bad", text: answer.errorCode ?? FAILURES[answer.outcome] };
};

const FAILURES = { timeout: "no answer", disconnected: "disconnected", error: "error" };

const outcomeOfResult = (payload) => {
  const statuses = statusesOf(payload ?? {});
  if (!statuses.length) return { kind: "good", text: "answered" };
  const refused = statuses.filter((status) => !FULFILLED.has(status));
  if (new Set(statuses).size === 1) return { kind: refused.length ? "warn" : "good", text: statuses[0] };
  const accepted = statuses.length - refused.length;
  return { kind: refused.length ? "warn" : "good", text: `${accepted} of ${statuses.length} Accepted` };
};

/** Outcomes of all rows with their counts, the most frequent first. */
export const countsOf = ({ rows }) => {
  const counts = new Map();
  for (const row of rows) {
    const outcome = outcomeOfAnswer(row);
    const known = counts.get(outcome.text);
    counts.set(outcome.text, { ...outcome, count: (known?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((one, other) => other.count - one.count);
};

const ORDER = ["bad", "warn", "idle", "good"];

/** Rows with those first that need a look: failures, refusals, and stations that have not answered yet. */
export const rowsByNeed = ({ rows }) => {
  const place = (row) => ORDER.indexOf(outcomeOfAnswer(row).kind);
  return rows.toSorted((one, other) => place(one) - place(other));
};
