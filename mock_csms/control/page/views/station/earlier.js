// Events of a transaction that the page no longer has, but the journal of the server may have.

import { useState } from "preact/hooks";
import { get } from "../../api.js";
import { attempt } from "../../components/toasts.js";
import { expressionFor } from "./timeline.js";

const LIMIT = 1_000;

/** All known events of a transaction, and a function that fetches those before them; null after it was called. */
export const useEarlier = (station, transactionId, events) => {
  const [earlier, setEarlier] = useState(null);
  const known = earlier ?? [];
  const fetchEarlier = async () => {
    const query = { station, action: "TransactionEvent", expression: expressionFor(transactionId), before: events[0]?.number, limit: LIMIT };
    const found = await attempt(() => get("v1/journal", query));
    if (found) setEarlier(found.entries);
  };
  const first = events[0]?.number ?? Infinity;
  return [[...known.filter(({ number }) => number < first), ...events], earlier ? null : fetchEarlier];
};
