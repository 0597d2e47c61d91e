// What the timeline shows: its entries, the cursor, and whether it follows its end.

import { useEffect, useRef, useState } from "preact/hooks";
import { record } from "../../live.js";
import { useCursor } from "./cursor.js";
import { useExcerpt } from "./excerpt.js";
import { useExpression } from "./expression.js";
import { useMatching, usePause, useUnseen } from "./matching.js";
import { NO_FILTERS } from "./toolbar.js";

/** The state of the timeline with these filters. `shown` are the entries of the list, or of an excerpt of the journal. */
export const useTimeline = (params) => {
  const search = useExpression(params.expression ?? "");
  const list = useMatching(params, search);
  const pause = usePause(list);
  const cursor = useCursor();
  const excerpt = useExcerpt(cursor.isOpen ? cursor.number : null);
  const end = useEnd(cursor);
  const isExcerpt = Boolean(excerpt?.entries.length);
  const shown = isExcerpt ? { entries: excerpt.entries, dropped: 0 } : pause.shown;
  const isFollowing = end.isFollowing && !pause.isPaused && !isExcerpt;
  const key = JSON.stringify([isExcerpt, ...Object.keys(NO_FILTERS).map((name) => params[name])]);
  useEffect(() => {
    if (!cursor.isOpen) end.follow();
  }, [key]);
  const indexOf = (number) => (shown === list ? list.indexOf(number) : shown.entries.findIndex((entry) => entry.number === number));
  return {
    shown,
    key,
    pause,
    cursor,
    excerpt,
    isFollowing,
    unseen: useUnseen(list, isFollowing),
    entry: useEntry(cursor.isOpen ? cursor.number : null, shown.entries),
    problem: search?.error,
    isSearching: Boolean(search && !search.error && !search.upTo && record.entries.length),
    indexOf,
    scrolled: end.scrolled,
    close: () => (cursor.close(), end.resume()),
    toEnd: () => (pause.isPaused && pause.toggle(), cursor.close(), end.follow()),
    step: (rows) => moveCursor(cursor, shown.entries, indexOf, rows),
  };
};

/** Move the cursor by some rows; without one, begin at the end. */
const moveCursor = (cursor, entries, indexOf, rows) => {
  const index = cursor.now() === null ? -1 : indexOf(cursor.now());
  const next = index < 0 ? entries.length - 1 : Math.max(0, Math.min(entries.length - 1, index + rows));
  if (entries.length) cursor.move(entries[next].number);
};

/** Whether the list follows its end. It does not while details are open, and goes on after that if it was at its end. */
const useEnd = (cursor) => {
  const [isFollowing, setFollowing] = useState(!cursor.isOpen);
  const isAtEnd = useRef(!cursor.isOpen);
  return {
    isFollowing: isFollowing && !cursor.isOpen,
    follow: () => setFollowing((isAtEnd.current = true)),
    resume: () => setFollowing(isAtEnd.current),
    scrolled: (atEnd) => {
      isAtEnd.current = atEnd;
      if (!cursor.isOpen) setFollowing(atEnd);
    },
  };
};

/** The entry with open details; it is kept while they are open, even if it is dropped from the record. */
const useEntry = (number, entries) => {
  const kept = useRef(null);
  if (number === null) kept.current = null;
  else if (kept.current?.number !== number) kept.current = record.entry(number) ?? entries.find((entry) => entry.number === number) ?? null;
  return kept.current;
};
