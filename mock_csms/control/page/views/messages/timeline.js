// The list of messages as a sequence diagram: stations at the left, the server at the right.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../../html.js";
import { record } from "../../live.js";
import { plural } from "../../format.js";
import { MessageRow } from "../../messages/row.js";
import { short } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { VirtualList } from "../../components/virtual_list.js";

const ROW_HEIGHT = 40;
const NARROW_ROW_HEIGHT = 58;
const NARROW_PX = 760;

/** The entries of a `state` (state.js). `station` is the only station shown, or empty. */
export const Timeline = ({ state, station }) => {
  const box = useRef(null);
  const isNarrow = useIsNarrow(box);
  const { entries, dropped } = state.shown;
  const { cursor } = state;
  const index = cursor.number === null ? -1 : state.indexOf(cursor.number);
  return html`
    <div class="timeline" ref=${box}>
      <${Ends} station=${station} isNarrow=${isNarrow} />
      <${VirtualList} key=${state.key} count=${entries.length} dropped=${dropped} rowHeight=${isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT}
        row=${rowOf(entries, cursor, station, isNarrow)} follow=${state.isFollowing} onFollow=${state.scrolled} reveal=${index}
        revealKey=${cursor.jumps} label="Messages" role="listbox" active=${index >= 0 ? `message-${cursor.number}` : undefined}
        onKeyDown=${arrowKeys(state.step)} />
      ${state.unseen > 0 && html`
        <button type="button" class="primary message-unseen" onClick=${state.toEnd}>
          <${Icon} name="arrow_right" /> ${plural(state.unseen, "new message")}
        </button>
      `}
    </div>
  `;
};

const rowOf = (entries, cursor, station, isNarrow) => {
  const partner = partnerOf(cursor.number);
  return (index, style) => {
    const entry = entries[index];
    const isChosen = entry.number === cursor.number;
    const classes = [isNarrow && "narrow", isChosen && "chosen", entry.number === partner && "partner"];
    return html`
      <${MessageRow} key=${entry.number} id=${`message-${entry.number}`} entry=${entry} style=${style} hasStation=${!station}
        findings=${record.findingsAbout(entry.number)} role="option" aria-selected=${isChosen} class=${classes.filter(Boolean).join(" ")}
        onClick=${() => cursor.open(entry.number)} />
    `;
  };
};

const partnerOf = (number) => (number === null ? undefined : (record.answerTo(number)?.number ?? record.entry(number)?.partner));

/** Names above the lifelines. */
const Ends = ({ station, isNarrow }) => html`
  <div class=${`message-ends ${station ? "" : "with-station"} ${isNarrow ? "narrow" : ""}`} aria-hidden="true">
    <span class="message-ends-lane">
      <span><${Icon} name="station" /> <bdi>${station ? short(station, 40) : "Station"}</bdi></span><span>Server</span>
    </span>
  </div>
`;

const arrowKeys = (onStep) => (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  onStep(step);
};

const useIsNarrow = (box) => {
  const [isNarrow, setNarrow] = useState(innerWidth < NARROW_PX);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setNarrow(contentRect.width < NARROW_PX));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return isNarrow;
};
