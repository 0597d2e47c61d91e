// The whole state of one station, fetched again when something has changed.

import { useEffect, useState } from "preact/hooks";
import { get, stationPath } from "../../api.js";
import { link, onEntries, stations } from "../../live.js";
import { throttled } from "./throttle.js";

const EVERY_MS = 1_000;

/**
 * State of a station as in GET /v1/stations/{id}, and the error of the last request; both are null at first.
 *
 * It is fetched when the summary of the station has changed or entries of it have arrived, at most once a second,
 * and less often if it is so large that fetching it takes long.
 */
export const useStation = (id) => {
  const [found, setFound] = useState({ state: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    const fetchState = throttled(async () => {
      if (abort.signal.aborted) return;
      const next = await stateOf(id, abort.signal);
      if (!abort.signal.aborted) setFound(next);
    }, EVERY_MS);
    const stop = watch(id, fetchState);
    return () => {
      abort.abort();
      stop();
    };
  }, [id]);
  return found;
};

const stateOf = async (id, abort) => {
  try {
    return { state: await get(stationPath(id), {}, { signal: abort }), error: null };
  } catch (error) {
    // What was known stays while the server cannot be reached; an unknown station has no state.
    return (known) => ({ state: error.status === 404 ? null : known.state, error });
  }
};

const watch = (id, changed) => {
  const summary = () => stations.value.get(id) ?? null;
  let known;
  const stopSummary = stations.subscribe(() => {
    const current = summary();
    if (current !== known) changed();
    known = current;
  });
  const stopLink = link.subscribe(({ state }) => state === "live" && changed());
  const key = id.toLowerCase(); // the case of an identity does not matter
  const entered = (entries) => entries.some(({ station }) => station.toLowerCase() === key) && changed();
  onEntries.push(entered);
  return () => {
    stopSummary();
    stopLink();
    onEntries.splice(onEntries.indexOf(entered), 1);
  };
};
