// Events of a transaction that the page no longer has, but the journal of the server may have.

import { useState } from "preact/hooks";
import { get } from "../../api.js";
import { attempt } from "../../components/toasts.js";
import { entriesBefore, expressionFor } from "./timeline.js";

const PAGE_SIZE = 1_000;
const MAX_PAGES = 10;

/** All known events of a transaction, and a function that fetches those before them; null if it has fetched them. */
export const useEarlier = (station, transactionId, events) => {
  const [earlier, setEarlier] = useState({ entries: [], until: -Infinity });
  const first = events[0]?.number ?? Infinity;
  const fetchPage = async (before) => {
    const query = { station, action: "TransactionEvent", expression: expressionFor(transactionId), before, limit: PAGE_SIZE };
    return (await get("v1/journal", query)).entries;
  };
  const fetchEarlier = async () => {
    const entries = await attempt(() => entriesBefore(fetchPage, events[0]?.number, PAGE_SIZE, MAX_PAGES));
    if (entries) setEarlier({ entries, until: first });
  };
  // The page drops events as new ones arrive; those between `until` and `first` have to be fetched, too.
  const isFetched = earlier.until >= first;
  return [[...earlier.entries.filter(({ number }) => number < first), ...events], isFetched ? null : fetchEarlier];
};
