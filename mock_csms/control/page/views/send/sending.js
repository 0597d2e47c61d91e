// Sends commands, and follows their answers.

import { signal } from "@preact/signals";
import { post, stationPath } from "../../api.js";
import { attempt } from "../../components/toasts.js";
import { forEach } from "../../concurrent.js";
import { onEntries, record } from "../../live.js";
import { actionFor } from "../../schemas.js";
import { keep, lasting } from "../../storage.js";
import { connectedIds } from "./draft.js";
import { recalled, remembered, hasSecret } from "./recent.js";
import { ALL_CONNECTED, bodyOf, NO_OPTIONS, withIds } from "./request.js";
import { newRun, withAnswer, withEntry, withProblem, withoutRow } from "./runs.js";

const MAX_RUNS = 20;
const RECENT_KEY = "recent-commands";

/** Commands that were sent, the newest first. */
export const runs = signal([]);

/** Commands that can be sent again, the newest first. */
export const recent = signal(recalled(lasting.getItem(RECENT_KEY) ?? "[]"));

const aborts = new Map();
let lastKey = 0;

onEntries.push((entries) => {
  const isOpen = ({ isPending, rows }) => isPending || rows.some(({ answer, entry }) => answer && entry === undefined);
  const open = runs.value.filter(isOpen);
  if (!open.length) return;
  for (const { key } of open) update(key, (run) => entries.reduce(withEntry, run));
});

/**
 * Send a command to targets, which are identities of stations or globs; without payload, the default one is sent. The
 * command is listed as `recalledAs`, whose payload may be another one: that to be sent again.
 */
export const sendCommand = async ({ action, targets, payload, options }, recalledAs) => {
  const key = ++lastKey;
  const isToAll = targets.includes(ALL_CONNECTED);
  const abort = new AbortController();
  const run = newRun({ key, action, targets: isToAll ? connectedIds() : targets, since: record.entries.at(-1)?.number ?? 0 });
  aborts.set(key, abort);
  runs.value = [run, ...runs.value].slice(0, MAX_RUNS);
  remember({ ...recalledAs, time: run.time });
  const body = bodyOf(action, payload, options);
  await (isToAll ? sendToAll(key, body, abort.signal) : sendToEach(key, targets, body, abort.signal));
  aborts.delete(key);
  update(key, (known) => ({ ...known, isPending: false }));
};

/** Send a command of the list again, with fresh ids in place of those that came from a default payload. */
export const sendAgain = async (command) => {
  const { action, targets, payload, ids = [] } = command;
  const options = { ...NO_OPTIONS, ...command.options };
  const fresh = ids.length ? await attempt(() => actionFor(action)) : null;
  await sendCommand({ action, targets, options, payload: withIds(payload, ids, fresh?.defaultPayload) }, command);
};

/** Stop waiting for a command; stations that it has not been sent to do not get it. */
export const stopWaiting = (key) => aborts.get(key)?.abort();

export const forgetRuns = () => {
  runs.value = runs.value.filter(({ isPending }) => isPending);
};

export const forgetRecent = () => keepRecent([]);

const sendToAll = async (key, body, abort) => {
  try {
    const answers = await post(stationPath(ALL_CONNECTED, "/calls"), body, { signal: abort });
    update(key, (run) => withOutcomes(run, answers));
  } catch (error) {
    update(key, (run) => withFailure(run, error));
  }
};

const withOutcomes = (run, answers) => Object.entries(answers).reduce(withOutcome, run);

const sendToEach = (key, targets, body, abort) => forEach(targets, (id) => sendToOne(key, id, body, abort));

const sendToOne = async (key, id, body, abort) => {
  try {
    const answer = await post(stationPath(id, "/calls"), body, { signal: abort });
    update(key, (run) => (isOne(answer) ? withOutcome(run, [id, answer]) : withOutcomes(withoutRow(run, id), answer)));
  } catch (error) {
    update(key, (run) => withProblem(run, id, reasonOf(error), !error.status));
  }
};

/** Whether this is the answer of one station; that to a glob has an answer for each identity. */
const isOne = ({ outcome }) => typeof outcome === "string";

/** A station of a glob that got nothing has an outcome without a message id. */
const withOutcome = (run, [id, answer]) => {
  const known = run.rows.some((row) => row.id === id) ? run : { ...run, rows: [...run.rows, { id }] };
  return answer.messageId ? withAnswer(known, id, answer, entryOf(answer.messageId)) : withProblem(known, id, answer.detail);
};

const withFailure = (run, error) => {
  const failure = reasonOf(error);
  if (!run.rows.length) return { ...run, failure };
  return run.rows.filter(({ answer }) => !answer).reduce((known, { id }) => withProblem(known, id, failure, !error.status), run);
};

const reasonOf = (error) => {
  if (error.name === "AbortError") return "you stopped waiting for the answer";
  return error.status ? error.message : "the server cannot be reached";
};

const entryOf = (messageId) =>
  record.entries.findLast((entry) => entry.messageId === messageId && entry.type === "call" && entry.direction === "sent")?.number;

const update = (key, change) => {
  runs.value = runs.value.map((run) => (run.key === key ? change(run) : run));
};

const remember = (command) => {
  if (!hasSecret(command.payload)) keepRecent(remembered(recent.value, command));
};

const keepRecent = (list) => {
  recent.value = list;
  keep(lasting, RECENT_KEY, JSON.stringify(list));
};
