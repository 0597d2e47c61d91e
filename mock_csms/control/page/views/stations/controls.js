// Search, filter and order of the list; all of them are in the address.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { route, setParams } from "../../router.js";
import { Icon } from "../../components/icon.js";
import { ORDERS, STATES, stateCounts } from "./selection.js";

/** `search` is a ref to the search field; `onLeave` moves from there to the list. */
export const Controls = ({ all, search, onLeave }) => {
  const { params } = route.value;
  return html`
    <label class="search">
      <${Icon} name="search" />
      <input type="search" ref=${search} aria-label="Search stations" placeholder="Search stations" title="Search identity, vendor and model (/)" value=${params.search ?? ""}
        onInput=${(event) => setParams({ search: event.target.value })} onKeyDown=${(event) => searchKey(event, onLeave)} />
    </label>
    <${States} all=${all} chosen=${params.state ?? ""} />
    <select aria-label="Order" value=${params.sort ?? ""} onChange=${(event) => setParams({ sort: event.target.value })}>
      ${ORDERS.map(({ id, label }) => html`<option key=${id} value=${id}>${label}</option>`)}
    </select>
  `;
};

const searchKey = (event, onLeave) => {
  if (event.key === "Escape") setParams({ search: "" });
  else if (event.key === "Enter" || event.key === "ArrowDown") onLeave();
  else return;
  event.preventDefault();
};

const States = ({ all, chosen }) => {
  const counts = stateCounts(all);
  return html`
    <div class="states" role="group" aria-label="State">
      ${STATES.map(
        ({ id, label }) => html`
          <button type="button" key=${id} aria-pressed=${id === chosen} onClick=${() => setParams({ state: id })}>
            ${label} <span class="number">${count(counts[id])}</span>
          </button>
        `,
      )}
    </div>
  `;
};
