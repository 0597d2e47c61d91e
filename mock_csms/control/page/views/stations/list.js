// The list of stations: search, filter, order, and rows of which only the visible ones are drawn.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { remove, stationPath } from "../../api.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { areStationsKnown, stations } from "../../live.js";
import { route, setParams } from "../../router.js";
import { short } from "../../text.js";
import { ConfirmDialog } from "../../components/dialog.js";
import { Empty } from "../../components/empty.js";
import { attempt } from "../../components/toasts.js";
import { VirtualList } from "../../components/virtual_list.js";
import { FirstStation } from "./first_station.js";
import { Controls } from "./controls.js";
import { useLayout } from "./layout.js";
import { StationRow } from "./row.js";
import { filtered, inKnownOrder, ordered } from "./selection.js";

const REORDER_MS = 5_000;

export const StationList = () => {
  const all = [...stations.value.values()];
  const { params } = route.value;
  const box = useRef(null);
  const search = useRef(null);
  const shown = useCalmOrder(filtered(all, params), params.sort ?? "", box);
  const { chosen, choose, move } = useChosenRow(shown, box);
  const [closing, setClosing] = useState(null);
  useKeys({
    "/": () => search.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
  });
  return html`
    <div class="view stations" ref=${box}>
      <div class="view-head">
        <h1>Stations</h1>
        <span class="count" role="status">${shown.length < all.length ? `${count(shown.length)} of ${count(all.length)}` : count(all.length)}</span>
        ${all.length > 0 && html`<${Controls} all=${all} search=${search} onLeave=${() => move(1)} />`}
      </div>
      <${Content} all=${all} shown=${shown} chosen=${chosen} onChoose=${choose} onClose=${setClosing} />
      ${closing !== null && html`<${CloseDialog} id=${closing} onClose=${() => setClosing(null)} />`}
    </div>
  `;
};

const Content = ({ all, shown, chosen, onChoose, onClose }) => {
  const { name, rowHeight, limit } = useLayout();
  if (!all.length) return areStationsKnown.value && html`<${FirstStation} />`;
  if (!shown.length) return html`<${NoMatch} />`;
  const row = (index, style) => html`
    <${StationRow} key=${shown[index].id} station=${shown[index]} place=${index + 1} count=${shown.length} style=${style} limit=${limit} onClose=${onClose} />
  `;
  return html`
    <div class=${`station-list ${name}`} onFocusIn=${(event) => onChoose(event.target.closest("[data-station]")?.dataset.station)}>
      ${name === "wide" && html`<${Headings} />`}
      <${VirtualList} count=${shown.length} rowHeight=${rowHeight} row=${row} label="Stations" keep=${shown.findIndex(({ id }) => id === chosen)} />
    </div>
  `;
};

const Headings = () => html`
  <div class="headings" aria-hidden="true">
    <span>Station</span><span>Connection</span><span>Connectors</span>
    <span class="transaction"><span>EVSE</span><span>Transaction</span><span class="number power">Power</span><span class="number">Energy</span><span class="number">Cost</span></span>
    <span>Findings</span>
  </div>
`;

const NoMatch = () => html`
  <div class="panel">
    <${Empty} icon="filter" title="No station matches">
      <button type="button" onClick=${() => setParams({ search: "", state: "" })}>Show all stations</button>
    <//>
  </div>
`;

const CloseDialog = ({ id, onClose }) => html`
  <${ConfirmDialog} title="Close the connection" action="Close the connection" onClose=${onClose}
    question=${html`The mock sends a close frame to <bdi>${short(id)}</bdi>. Most stations connect again after a while.`}
    onConfirm=${() => attempt(() => remove(stationPath(id, "/connection")), "Connection closed")} />
`;

/**
 * Stations in an order that changes with every message, such as that of the last one. They are put into order again
 * every few seconds, but not while the pointer or the focus is in the list: rows must not move away from under them.
 */
const useCalmOrder = (list, order, box) => {
  const known = useRef({ order: null, ids: [], at: 0 });
  const { current } = known;
  const isDue = Date.now() - current.at > REORDER_MS && !box.current?.querySelector(".virtual-list:is(:hover, :focus-within)");
  if (!order) {
    known.current = { order, ids: [], at: 0 };
    return list;
  }
  if (order === current.order && !isDue) return inKnownOrder(list, current.ids);
  const inOrder = ordered(list, order);
  known.current = { order, ids: inOrder.map(({ id }) => id), at: Date.now() };
  return inOrder;
};

/** The row that the keys have chosen: its link has the focus. */
const useChosenRow = (shown, box) => {
  const [chosen, choose] = useState(undefined);
  const wantsFocus = useRef(false);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    box.current.querySelector(`[data-station="${CSS.escape(chosen)}"] a`)?.focus();
  });
  const move = (step) => {
    if (!shown.length) return;
    const index = shown.findIndex(({ id }) => id === chosen);
    const next = index < 0 ? firstVisible(box.current) : Math.min(shown.length - 1, Math.max(0, index + step));
    wantsFocus.current = true;
    choose(shown[next].id);
    if (next === index) box.current.querySelector(`[data-station="${CSS.escape(chosen)}"] a`)?.focus();
  };
  return { chosen, choose, move };
};

/** Index of the row at the top of what is scrolled into view. */
const firstVisible = (box) => {
  const list = box.querySelector(".virtual-list");
  const row = list.querySelector("[data-station]");
  return Math.ceil(list.scrollTop / row.offsetHeight);
};
