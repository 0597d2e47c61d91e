// The entries that the timeline shows: those of the record that pass the filters, or as they were when paused.

import { useMemo, useRef, useState } from "preact/hooks";
import { record, recorded, stations } from "../../live.js";
import { MatchingEntries, stationMatcher } from "../../messages/filter.js";

/** The identity of the known station that a text names, or an empty text. */
export const knownStation = (text) => {
  if (!text) return "";
  if (stations.value.has(text)) return text;
  const wanted = text.toLowerCase();
  return [...stations.value.keys()].find((id) => id.toLowerCase() === wanted) ?? "";
};

/** The list of the entries that pass the filters; it is brought up to date with each message. */
export const useMatching = ({ station = "", action = "", direction = "", errors = "" }, search) => {
  recorded.value;
  const isKnown = knownStation(station) !== "";
  const numbers = search && !search.error ? search.numbers : undefined;
  const key = JSON.stringify([station, isKnown, action, direction, errors]);
  const list = useMemo(() => {
    const filter = { station: stationMatcher(station, isKnown), action, direction, errors: errors === "true", numbers };
    return new MatchingEntries(record, filter);
  }, [record, key, numbers]);
  list.update(numbers ? search.upTo : Infinity);
  return list;
};

/** What is shown of a list: the list itself, or while it is paused, a copy of it as it was. */
export const usePause = (list) => {
  const [paused, setPaused] = useState(null);
  const current = paused?.list === list ? paused : null;
  const toggle = () => setPaused(current ? null : { list, entries: [...list.entries], dropped: list.dropped });
  return { isPaused: current !== null, toggle, entries: (current ?? list).entries, dropped: (current ?? list).dropped };
};

/** Number of entries that have been added to a list since the user has left its end. */
export const useUnseen = (list, isFollowing) => {
  const total = list.dropped + list.entries.length;
  const seen = useRef({ list, total });
  if (isFollowing || seen.current.list !== list) seen.current = { list, total };
  return total - seen.current.total;
};
