// Entries around one that is no longer loaded, from the journal of the server.

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api.js";
import { record, recorded } from "../../live.js";

const AROUND = 100;
const LOADING_MS = 500; // at first, an entry may be about to arrive

/**
 * Entries around an entry that the page has not loaded: {number, entries, error}; null while it is loaded, or being
 * fetched.
 */
export const useExcerpt = (number) => {
  const [excerpt, setExcerpt] = useState(null);
  const isLoaded = recorded.value >= 0 && (number === null || record.entry(number) !== undefined);
  const isKnown = isLoaded || excerpt?.entries.some((entry) => entry.number === number);
  useEffect(() => {
    if (isLoaded) setExcerpt(null);
    if (isKnown) return undefined;
    const abort = new AbortController();
    const failed = (error) => abort.signal.aborted || setExcerpt({ number, entries: [], error: error.message });
    const timer = setTimeout(() => fetchAround(number, abort.signal).then(setExcerpt, failed), LOADING_MS);
    return () => (clearTimeout(timer), abort.abort());
  }, [number, isLoaded, isKnown]);
  return isLoaded ? null : excerpt;
};

const fetchAround = async (number, abort) => {
  const query = { since: Math.max(0, number - AROUND - 1), before: number + AROUND + 1, limit: 2 * AROUND + 1 };
  const { entries, last } = await get("v1/journal", query, { signal: abort });
  if (entries.some((entry) => entry.number === number)) return { number, entries, error: "" };
  const error = number > last ? `There is no entry ${number} yet.` : `The journal no longer has entry ${number}.`;
  return { number, entries: [], error };
};
