// The three shapes of a row, by the width of the screen.

import { useEffect, useState } from "preact/hooks";

const NARROW = matchMedia("(max-width: 900px)");
const MEDIUM = matchMedia("(max-width: 1319px)");

/** `limit` is the number of transactions that a row has room for. */
const LAYOUTS = {
  narrow: { name: "narrow", rowHeight: 186, limit: 2 },
  medium: { name: "medium", rowHeight: 106, limit: 2 },
  wide: { name: "wide", rowHeight: 58, limit: 2 },
};

const current = () => (NARROW.matches ? LAYOUTS.narrow : MEDIUM.matches ? LAYOUTS.medium : LAYOUTS.wide);

export const useLayout = () => {
  const [layout, setLayout] = useState(current());
  useEffect(() => {
    const changed = () => setLayout(current());
    for (const query of [NARROW, MEDIUM]) query.addEventListener("change", changed);
    return () => {
      for (const query of [NARROW, MEDIUM]) query.removeEventListener("change", changed);
    };
  }, []);
  return layout;
};
