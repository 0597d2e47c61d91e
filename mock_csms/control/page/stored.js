// Entries of the journal, also those that the page does not have.

import { get } from "./api.js";
import { record } from "./live.js";

/** Entry by number, from the record of the page or from the server; undefined if it is not stored. */
export const entryOf = async (number) => {
  const known = record.entry(number);
  if (known && known.type !== "gap") return known;
  const { entries } = await get("v1/journal", { since: number - 1, before: number + 1 });
  return entries[0];
};
