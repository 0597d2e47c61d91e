// A long list of which only the visible rows are drawn, so that 10,000 rows scroll as smoothly as ten.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

const OVERSCAN_PX = 240; // above and below what is visible

/**
 * Rows of one height.
 *
 * `row(index, style)` draws a row, which must use the style and have a `key`. With `follow`, the list stays at its
 * end while rows are added; `onFollow(isAtEnd)` reports that the user has scrolled away from the end or back to it.
 * `reveal` is the index of a row that is scrolled into view when `revealKey` changes, which is the index by default.
 * `dropped` is the number of rows that were removed at the start so far: the others stay where they are on the screen.
 * The row with the index `keep` is drawn wherever the list is scrolled to, so that it can have the focus.
 * `active` is the id of the row that a screen reader is to read, in a list with a cursor.
 */
export const VirtualList = (properties) => {
  const { count, rowHeight, row, label, role = "list", onKeyDown, active, onFollow, keep = -1 } = properties;
  const box = useRef(null);
  useKeptFocus(box);
  const { range, measure } = useRange(box, properties);
  const scrolled = () => {
    if (!box.current) return;
    measure();
    onFollow?.(isAtEnd(box.current, rowHeight));
  };
  const end = Math.min(count, range.first + range.visible);
  const indexes = Array.from({ length: Math.max(0, end - range.first) }, (_, offset) => range.first + offset);
  if (keep >= 0 && keep < range.first) indexes.unshift(keep);
  else if (keep >= end && keep < count) indexes.push(keep);
  const styleOf = (index) => ({ position: "absolute", top: `${index * rowHeight}px`, height: `${rowHeight}px`, left: 0, right: 0 });
  const rows = indexes.map((index) => row(index, styleOf(index)));
  return html`
    <div class="virtual-list" ref=${box} onScroll=${scrolled} role=${role} aria-label=${label} aria-activedescendant=${active}
      tabindex="0" onKeyDown=${onKeyDown}>
      <div class="virtual-rows" role="presentation" style=${{ height: `${count * rowHeight}px` }}>${rows}</div>
    </div>
  `;
};

/** Give the focus back to an element that has lost it because it was moved to another place in the document. */
const useKeptFocus = (box) => {
  const focused = box.current?.contains(document.activeElement) ? document.activeElement : null;
  useLayoutEffect(() => {
    if (focused?.isConnected && document.activeElement === document.body) focused.focus({ preventScroll: true });
  });
};

/** The rows to draw, and where the box is scrolled to. */
const useRange = (box, { count, rowHeight, follow = false, reveal = -1, revealKey = reveal, dropped = 0 }) => {
  const [range, setRange] = useState({ first: 0, visible: 40 });
  const seen = useRef({ top: 0, dropped, follow });
  seen.current.follow = follow;
  const measure = () => {
    if (!box.current) return; // an event of the last frame may arrive after the list has gone
    const { scrollTop, clientHeight } = box.current;
    seen.current.top = scrollTop;
    const overscan = Math.ceil(OVERSCAN_PX / rowHeight);
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan);
    const visible = Math.ceil(clientHeight / rowHeight) + 2 * overscan;
    setRange((known) => (known.first === first && known.visible === visible ? known : { first, visible }));
  };
  useLayoutEffect(() => {
    const rows = dropped - seen.current.dropped;
    seen.current.dropped = dropped;
    if (rows > 0 && !follow) box.current.scrollTop = Math.max(0, seen.current.top - rows * rowHeight);
  }, [dropped]);
  useLayoutEffect(measure, [count, rowHeight]);
  useEffect(() => {
    const resized = () => {
      if (seen.current.follow && box.current) box.current.scrollTop = box.current.scrollHeight;
      measure();
    };
    const observer = new ResizeObserver(resized);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [rowHeight]);
  useLayoutEffect(() => {
    if (follow) box.current.scrollTop = count * rowHeight;
  }, [follow, count, rowHeight]);
  useLayoutEffect(() => {
    if (reveal >= 0) scrollToRow(box.current, reveal * rowHeight, rowHeight);
  }, [revealKey, reveal >= 0, rowHeight]);
  return { range, measure };
};

const isAtEnd = ({ scrollTop, clientHeight, scrollHeight }, rowHeight) => scrollHeight - scrollTop - clientHeight < 2 * rowHeight;

/** A neighbour comes into view at the edge; a row that is further away in the middle. */
const scrollToRow = (box, top, rowHeight) => {
  const above = box.scrollTop - top;
  const below = top + rowHeight - box.scrollTop - box.clientHeight;
  if (above <= 0 && below <= 0) return;
  const isNear = Math.max(above, below) <= 2 * rowHeight;
  if (isNear) box.scrollTop += above > 0 ? -above : below;
  else box.scrollTop = Math.max(0, top - box.clientHeight / 2);
};
