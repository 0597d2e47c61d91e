// The run of the certification rehearsal that the server shows, kept up to date.

import { effect, signal } from "@preact/signals";
import { get, ignoreFailedRequest, post } from "../../api.js";
import { announced } from "../../live.js";
import { settled, updated } from "./run.js";

/** The run, as in GET /v1/rehearsal; null without one. */
export const run = signal(null);

let isFetching = false;

/** Fetch changes until the announced version is there; its number grows also from run to run. */
const catchUp = async () => {
  if (isFetching) return;
  isFetching = true;
  try {
    while (announced.value?.run && !(run.value?.version >= announced.value.version)) await fetchChanges();
    if (!announced.value?.run) run.value = null;
  } catch (error) {
    ignoreFailedRequest(error); // the next change is announced again
  } finally {
    isFetching = false;
  }
};

const fetchChanges = async () => {
  const known = run.value?.run === announced.value.run ? run.value : null;
  const answer = await get("v1/rehearsal", { changedSince: known?.version });
  const next = known ? updated(known, answer) : answer;
  run.value = next && settled(next);
};

effect(() => {
  announced.value;
  catchUp();
});

/** Answer a prompt with "done" or "cannot"; throws Problem. */
export const answerPrompt = (prompt, answer) => post(`v1/rehearsal/prompts/${encodeURIComponent(prompt.id)}`, { answer });
