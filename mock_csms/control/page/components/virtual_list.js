// A long list of which only the visible rows are drawn, so that 10,000 rows scroll as smoothly as ten.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

const OVERSCAN = 8;

/**
 * Rows of one height.
 *
 * `row(index, style)` draws a row, which must use the style and have a `key`. With `follow`, the list stays at its
 * end while rows are added; `onFollow(isAtEnd)` reports that the user has scrolled away from the end or back to it.
 * `reveal` is the index of a row that is scrolled into view when it changes.
 */
export const VirtualList = ({ count, rowHeight, row, follow = false, onFollow, reveal = -1, label, role = "list", onKeyDown }) => {
  const box = useRef(null);
  const [range, setRange] = useState({ first: 0, visible: 40 });
  const measure = () => {
    if (!box.current) return; // an event of the last frame may arrive after the list has gone
    const { scrollTop, clientHeight } = box.current;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
    const visible = Math.ceil(clientHeight / rowHeight) + 2 * OVERSCAN;
    setRange((known) => (known.first === first && known.visible === visible ? known : { first, visible }));
  };
  useLayoutEffect(measure, [count, rowHeight]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [rowHeight]);
  useLayoutEffect(() => {
    if (follow) box.current.scrollTop = count * rowHeight;
  }, [follow, count]);
  useLayoutEffect(() => {
    if (reveal >= 0) scrollToRow(box.current, reveal * rowHeight, rowHeight);
  }, [reveal]);
  const scrolled = () => {
    if (!box.current) return;
    measure();
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    onFollow?.(scrollHeight - scrollTop - clientHeight < 2 * rowHeight);
  };
  const rows = [];
  for (let index = range.first; index < Math.min(count, range.first + range.visible); index += 1) {
    rows.push(row(index, { position: "absolute", top: `${index * rowHeight}px`, height: `${rowHeight}px`, left: 0, right: 0 }));
  }
  return html`
    <div class="virtual-list" ref=${box} onScroll=${scrolled} role=${role} aria-label=${label} tabindex="0" onKeyDown=${onKeyDown}>
      <div class="virtual-rows" role="presentation" style=${{ height: `${count * rowHeight}px` }}>${rows}</div>
    </div>
  `;
};

const scrollToRow = (box, top, rowHeight) => {
  if (top < box.scrollTop || top + rowHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = Math.max(0, top - box.clientHeight / 2);
  }
};
