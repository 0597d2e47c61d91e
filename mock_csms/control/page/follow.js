// Follows the events of the server. A stream that ends is opened again after the last event, so that none is lost.

import { isFailedRequest, Problem, reached, send, Unreachable } from "./api.js";
import { EventParser } from "./sse.js";

const SILENCE_MS = 40_000; // the server sends a comment after 15 s without an event
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 5_000;

/**
 * Follow the events after `since` until `abort` is aborted.
 *
 * `onEvents(events)` gets the events of one piece of the stream, `onState(state, reason)` "live" or "lost". Resolves
 * with "restarted" if the server no longer knows the last event, that is, if it has been restarted, and with
 * "refused" if it wants another token. Throws only what `onEvents` throws.
 */
export const follow = async ({ since, onEvents, onState, abort }) => {
  let lastId = String(since);
  let delay = FIRST_DELAY_MS;
  while (!abort.aborted) {
    try {
      for await (const events of pieces(lastId, abort, () => onState("live"))) {
        lastId = events.findLast(({ id }) => id)?.id ?? lastId;
        delay = FIRST_DELAY_MS;
        onEvents(events);
      }
      onState("lost", "the server has ended the stream");
    } catch (error) {
      if (abort.aborted) return "aborted";
      if (error instanceof Problem && error.kind === "unknown-event") return "restarted";
      if (error instanceof Problem && error.status === 401) return "refused";
      if (!isFailedRequest(error)) throw error;
      onState("lost", error.message);
    }
    await pause(delay, abort);
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
  }
  return "aborted";
};

/** Yield lists of events as they arrive; ends with the stream, or when it has been silent for too long. */
async function* pieces(lastId, abort, onOpen) {
  const silence = new AbortController();
  const stop = AbortSignal.any([abort, silence.signal]);
  const response = await send("GET", "v1/events", { headers: { "Last-Event-ID": lastId }, signal: stop });
  onOpen();
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const timer = setTimeout(() => silence.abort(new Unreachable()), SILENCE_MS);
    const { done, value } = await reached(reader.read()).finally(() => clearTimeout(timer));
    if (done) return;
    const events = parser.push(value);
    if (events.length) yield events;
  }
}

/** Resolves after the time, when the browser is online again, or when `abort` is aborted. */
const pause = (milliseconds, abort) =>
  new Promise((resolve) => {
    const done = new AbortController();
    const end = () => {
      clearTimeout(timer);
      done.abort();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    abort.addEventListener("abort", end, { signal: done.signal });
    addEventListener("online", end, { signal: done.signal });
  });
