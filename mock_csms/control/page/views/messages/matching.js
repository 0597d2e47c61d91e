// The entries that the timeline shows: those of the record that pass the filters, or as they were when paused.

import { useMemo, useRef, useState } from "preact/hooks";
import { record, recorded, server, stations } from "../../live.js";
import { MatchingEntries, stationMatcher, textMatcher } from "../../messages/filter.js";

/** The identity of the known station that a text names, or an empty text. */
export const knownStation = (text) => {
  if (!text) return "";
  if (stations.value.has(text)) return text;
  const wanted = text.toLowerCase();
  return [...stations.value.keys()].find((id) => id.toLowerCase() === wanted) ?? "";
};

/** The list of the entries that pass the filters; it is brought up to date with each message. */
export const useMatching = ({ station = "", action = "", direction = "", errors = "", text = "" }, search) => {
  recorded.value;
  const isKnown = knownStation(station) !== "";
  const numbers = search && !search.error ? search.numbers : undefined;
  const key = JSON.stringify([station, isKnown, action, direction, errors, text]);
  const list = useMemo(() => {
    const [isStation, hasText] = [stationMatcher(station, isKnown), textMatcher(text)];
    return new MatchingEntries(record, { station: isStation, action, direction, errors: errors === "true", hasText, numbers });
  }, [record, key, numbers]);
  list.update(numbers ? search.upTo : Infinity);
  return list;
};

/** What is shown of a list: the list itself, or while it is paused, a copy of it as it was. */
export const usePause = (list) => {
  const [paused, setPaused] = useState(null);
  const copy = paused?.list === list ? paused : null;
  const toggle = () => setPaused(copy ? null : { list, entries: [...list.entries], dropped: list.dropped });
  return { isPaused: copy !== null, toggle, shown: copy ?? list };
};

/** Number of entries that have been added to a list since the page was opened, or since its end was last shown. */
export const useUnseen = (list, isFollowing) => {
  const seen = useRef({ record, number: server.value?.journal.last });
  if (isFollowing || seen.current.record !== record) {
    seen.current = { record, number: isFollowing ? record.entries.at(-1)?.number : server.value?.journal.last };
  }
  return list.countAfter(seen.current.number ?? Infinity);
};
