// Answers of the server that are asked for again and again while a view is open.

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api.js";
import { link } from "../../live.js";

const EVERY_MS = 2_000;

/** `{value, problem}` of a path of the API: the newest answer, and why there is no newer one. */
export const usePolled = (path) => {
  const [state, setState] = useState({ value: null, problem: "" });
  const isLive = link.value.state === "live";
  useEffect(() => {
    if (!isLive) return undefined;
    const stop = new AbortController();
    let timer;
    const ask = async () => {
      if (!document.hidden) await fetchInto(setState, path, stop.signal);
      if (!stop.signal.aborted) timer = setTimeout(ask, EVERY_MS);
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, isLive]);
  return state;
};

const fetchInto = async (setState, path, abort) => {
  try {
    const value = await get(path, {}, { signal: abort });
    if (!abort.aborted) setState({ value, problem: "" });
  } catch (error) {
    if (!abort.aborted) setState(({ value }) => ({ value, problem: error.message }));
  }
};
