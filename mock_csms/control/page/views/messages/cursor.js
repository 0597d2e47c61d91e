// The chosen entry, and whether its details are open. The address has the number of an open entry, so that it can be
// linked and reloaded; opening the first one is a step of the history, so that the back button closes it.

import { useEffect, useRef, useState } from "preact/hooks";
import { pushParams, route, setParams, undoParams } from "../../router.js";

const ADDRESS_MS = 250; // browsers refuse more than some changes of the address a second

/**
 * The cursor: `number` is null without a chosen entry, and `jumps` changes when the entry has to come into view, because
 * it was chosen by the address or a key. `now()` is the number at once, before the view is drawn again.
 */
export const useCursor = () => {
  const linked = numberIn(route.value.params.entry);
  const [cursor, setCursor] = useState({ number: linked, isOpen: linked !== null, jumps: 0 });
  const written = useRef(linked);
  const latest = useRef(cursor);
  const change = (changes) => setCursor((latest.current = { ...latest.current, ...changes }));
  const jump = (changes) => change({ ...changes, jumps: latest.current.jumps + 1 });
  useEffect(() => {
    if (linked === written.current) return;
    written.current = linked;
    jump({ number: linked ?? latest.current.number, isOpen: linked !== null });
  }, [linked]);
  const shown = cursor.isOpen ? cursor.number : null;
  useEffect(() => {
    if (shown === written.current) return undefined;
    const timer = setTimeout(() => {
      if (route.value.parts[0] !== "messages") return; // the user has just gone to another view
      const write = shown === null ? undoParams : written.current === null ? pushParams : setParams;
      written.current = shown;
      write({ entry: shown ?? "" });
    }, ADDRESS_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return {
    ...cursor,
    now: () => latest.current.number,
    move: (number) => jump({ number }),
    open: (number) => change({ number, isOpen: true }),
    jump: (number) => jump({ number, isOpen: true }),
    close: () => change({ isOpen: false }),
  };
};

const numberIn = (text) => (/^\d{1,15}$/.test(text ?? "") ? Number(text) : null);
