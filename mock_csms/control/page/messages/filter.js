// Which entries the timeline shows. The list of them grows and shrinks with the record: each entry is compared once.

import { factsOf } from "./facts.js";

/**
 * A function that says whether a station is meant by a text: the identity of a known station in any case, a glob, or a
 * part of an identity.
 */
export const stationMatcher = (text, isKnown) => {
  if (!text) return () => true;
  const wanted = text.toLowerCase();
  if (isKnown) return (id) => id.toLowerCase() === wanted;
  const pattern = /[*?]/.test(text) ? globPattern(text) : undefined;
  return (id) => (pattern ? pattern.test(id) : id.toLowerCase().includes(wanted));
};

const globPattern = (glob) => {
  const parts = [...glob].map((character) => ({ "*": "[^]*?", "?": "[^]" })[character] ?? character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&"));
  return new RegExp(`^${parts.join("").replaceAll(/(\[\^\]\*\?)+/g, "[^]*?")}$`, "u");
};

/**
 * A function that says whether a text is anywhere in an entry, in any case: in its frame, its action, its identity or
 * its remarks. A blank after a colon or a comma may be left out, as in the JSON of the details.
 */
export const textMatcher = (text) => {
  const wanted = text.trim();
  if (!wanted) return undefined;
  const pattern = wanted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replaceAll(/([:,]) */g, "$1 ?");
  const regex = new RegExp(pattern, "i");
  return ({ action, frame, text: raw, station, rule, note, violation }) =>
    [action, raw, station, rule, note, violation].some((part) => part !== undefined && regex.test(part)) ||
    (frame !== undefined && regex.test(JSON.stringify(frame)));
};

/**
 * Whether an entry passes the filter {station, action, direction, errors, hasText, numbers}; `station` and `hasText` are
 * functions, the latter may be missing, and `numbers` is a set of the entries for which the expression is true. A note
 * about no station is about all of them.
 */
export const matches = (entry, { station, action, direction, errors, hasText, numbers }) => {
  if (entry.type === "gap") return true;
  if (!station(entry.station) && !(entry.type === "note" && entry.station === "")) return false;
  if (direction && entry.direction !== direction) return false;
  if (action && !(entry.action ?? "").toLowerCase().includes(action.toLowerCase())) return false;
  if (errors && !factsOf(entry).isError) return false;
  if (numbers && !numbers.has(entry.number)) return false;
  return !hasText || hasText(entry);
};

/** The entries of a record that pass a filter. */
export class MatchingEntries {
  entries = [];
  /** Number of entries that were dropped at the start because the record has dropped them. */
  dropped = 0;
  #record;
  #filter;
  #newest = 0;
  #newestFinding;

  constructor(record, filter) {
    this.#record = record;
    this.#filter = filter;
  }

  /** Look at the entries that are new, up to a number. */
  update(upTo = Infinity) {
    this.#drop();
    for (const entry of this.#after(this.#newest)) {
      if (entry.number > upTo) break;
      this.#newest = entry.number;
      if (this.#passes(entry)) this.entries.push(entry);
    }
    if (this.#filter.errors) this.#addFound(upTo);
  }

  /** The index of an entry, or -1. */
  indexOf(number) {
    const index = firstFrom(this.entries, number);
    return this.entries[index]?.number === number ? index : -1;
  }

  /** Number of entries after one. */
  countAfter(number) {
    return this.entries.length - firstFrom(this.entries, number + 0.1);
  }

  #passes(entry) {
    if (matches(entry, this.#filter)) return true;
    return this.#filter.errors && this.#isFound(entry) && matches(entry, { ...this.#filter, errors: false });
  }

  #isFound(entry) {
    return this.#record.findingsAbout(entry.number).some(({ severity }) => severity !== "hint");
  }

  /** Entries are errors also because of a finding, which may come long after them. */
  #addFound(upTo) {
    const { findings } = this.#record;
    const newest = findings.at(-1);
    for (let index = findings.length - 1; index >= 0 && findings[index] !== this.#newestFinding; index -= 1) {
      for (const number of findings[index].frames) this.#insert(this.#record.entry(number), upTo);
    }
    this.#newestFinding = newest;
  }

  #insert(entry, upTo) {
    if (!entry || entry.number > Math.min(this.#newest, upTo) || !this.#passes(entry)) return;
    const index = firstFrom(this.entries, entry.number);
    if (this.entries[index] !== entry) this.entries.splice(index, 0, entry);
  }

  #after(number) {
    const { entries } = this.#record;
    return entries.slice(firstFrom(entries, number + 0.1));
  }

  #drop() {
    const oldest = this.#record.entries[0]?.number ?? 0;
    const count = firstFrom(this.entries, oldest);
    if (count === 0) return;
    this.entries.splice(0, count);
    this.dropped += count;
  }
}

/** Index of the first entry with this number or a higher one. */
const firstFrom = (entries, number) => {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return low;
};
