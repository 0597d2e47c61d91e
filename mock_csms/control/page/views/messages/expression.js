// Entries for which a JMESPath expression is true. The server evaluates it, in parts and at most once a second.

import { useEffect, useState } from "preact/hooks";
import { get, ignoreFailedRequest, Problem } from "../../api.js";
import { record } from "../../live.js";

const PART = 2_500; // few enough for the steps that the server grants to an expression
const EVERY_MS = 1_000;
const TYPING_MS = 400;

/**
 * The state of a search: the `numbers` of the entries found, up to which entry all are known, and the sentence of the
 * server about a wrong expression. Without an expression, it is null.
 */
export const useExpression = (expression) => {
  const [search, setSearch] = useState(null);
  useEffect(() => {
    if (!expression) return setSearch(null);
    const abort = new AbortController();
    const timer = setTimeout(() => run(expression, setSearch, abort.signal), TYPING_MS);
    return () => (clearTimeout(timer), abort.abort());
  }, [expression, record]);
  return expression ? search : null;
};

const run = async (expression, report, abort) => {
  const search = { expression, numbers: new Set(), upTo: 0, error: "" };
  report({ ...search });
  while (!abort.aborted) {
    try {
      if (await searchPart(search, abort)) report({ ...search });
      if (search.upTo < newest() - PART) continue;
    } catch (error) {
      if (abort.aborted) return;
      if (error instanceof Problem && error.status === 422) {
        return report({ ...search, error: error.message.replace(/^query\.expression: /, "") });
      }
      ignoreFailedRequest(error);
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
};

const newest = () => Math.floor(record.entries.at(-1)?.number ?? 0);

/** Drop the numbers of entries that the record has dropped; `numbers` is in their order. */
const forgetBefore = (numbers, oldest) => {
  for (const number of numbers) {
    if (number >= oldest) break;
    numbers.delete(number);
  }
};

/** Search the next entries; whether there were any. */
const searchPart = async (search, abort) => {
  const oldest = Math.floor(record.entries[0]?.number ?? 1);
  const since = Math.max(search.upTo, oldest - 1);
  const last = Math.min(newest(), since + PART);
  if (last <= since) return false;
  const query = { expression: search.expression, since, before: last + 1, limit: PART };
  const { entries } = await get("v1/journal", query, { signal: abort });
  for (const { number } of entries) search.numbers.add(number);
  forgetBefore(search.numbers, oldest);
  search.upTo = last;
  return true;
};
