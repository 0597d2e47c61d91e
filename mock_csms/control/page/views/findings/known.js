// Findings and kinds of findings that the server knows, as signals.

import { signal } from "@preact/signals";
import { get, patch } from "../../api.js";
import { record, recorded } from "../../live.js";
import { MAX_FINDINGS } from "../../record.js";
import { entryOf } from "../../stored.js";
import { identityOf } from "./groups.js";

const MAX_LISTED = 10_000; // the server keeps so many findings

/** Findings as listed by the server when the view was opened; those made since then are in `record`. */
export const listed = signal([]);

/** Kinds of findings with `silenced`, or null until they are known. */
export const kinds = signal(null);

/** Fetch both lists. */
export const load = async () => {
  const seen = new Set(record.findings);
  const [findings, all] = await Promise.all([get("v1/findings"), get("v1/findings/kinds")]);
  forgetOthers(seen, findings);
  listed.value = findings.slice(-MAX_FINDINGS);
  kinds.value = all;
};

/** Drop what the server no longer lists although its list has room: it has been reset. */
const forgetOthers = (seen, findings) => {
  if (findings.length >= MAX_LISTED) return;
  const known = new Set(findings.map(identityOf));
  record.keepFindings((finding) => !seen.has(finding) || known.has(identityOf(finding)));
  recorded.value += 1;
};

/** Silence kinds, or report them again. */
export const setSilenced = async (ids, isSilenced) => {
  const { silenced } = await patch("v1/findings", isSilenced ? { silence: ids } : { report: ids });
  kinds.value = kinds.value?.map((kind) => ({ ...kind, silenced: silenced.includes(kind.id) })) ?? null;
};

/** Function that returns the entries of some findings, fetched before. */
export const entriesOf = async (findings) => {
  const numbers = [...new Set(findings.flatMap(({ frames }) => frames))];
  const entries = await Promise.all(numbers.map(entryOf));
  const byNumber = new Map(numbers.map((number, index) => [number, entries[index]]));
  return (number) => byNumber.get(number);
};
