// What a tab fetches once, and again when that may have changed.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { token } from "../../api.js";
import { link } from "../../live.js";

const resets = signal(0);

/** Fetch again what the shown tab has fetched, after a reset. */
export const fetchAgain = () => (resets.value += 1);

/**
 * What `fetch()` resolves with, null until then; returns {value, problem, refresh}. It is fetched again with another
 * token, after a lost connection, and after a reset.
 */
export const useFetched = (fetch) => {
  const [state, setState] = useState({ value: null, problem: "" });
  const last = useRef(0);
  const refresh = () => {
    const request = ++last.current;
    const set = (next) => request === last.current && setState(next); // not with an answer that was overtaken
    return fetch().then(
      (value) => set({ value, problem: "" }),
      (error) => set(({ value }) => ({ value, problem: error.message })),
    );
  };
  const isLost = link.value.state === "lost";
  useEffect(() => {
    if (!isLost) refresh();
  }, [token.value, isLost, resets.value]);
  return { ...state, refresh };
};

/** Why something could not be fetched. */
export const fetchProblem = (problem) => problem && `This cannot be fetched: ${problem}`;
