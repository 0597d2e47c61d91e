// The view "Messages": a timeline of all frames, or of those that pass the filters, and the details of one.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { route } from "../../router.js";
import { Details } from "./details.js";
import { Head } from "./head.js";
import { NoteDialog } from "./note_dialog.js";
import { ExcerptBanner, NothingToShow } from "./nothing.js";
import { knownStation } from "./matching.js";
import { useTimeline } from "./state.js";
import { Timeline } from "./timeline.js";
import { Filters, isFiltered } from "./toolbar.js";

export const MessagesView = () => {
  const { params } = route.value;
  const state = useTimeline(params);
  const { shown, entry, pause, cursor } = state;
  const [showsFilters, setShowsFilters] = useState(isFiltered(params));
  const [isNoting, setNoting] = useState(false);
  useKeys({
    "/": () => (setShowsFilters(true), requestAnimationFrame(() => document.getElementById("message-search").focus())),
    j: () => state.step(1),
    k: () => state.step(-1),
    Enter: () => cursor.now() !== null && cursor.open(cursor.now()),
    Escape: state.close,
    " ": pause.toggle,
  });
  return html`
    <div class=${`view messages ${entry ? "with-details" : ""} ${showsFilters ? "with-filters" : ""}`}>
      <${Head} entries=${shown.entries} pause=${pause} isFiltered=${isFiltered(params)} station=${knownStation(params.station)}
        showsFilters=${showsFilters} onFilter=${() => setShowsFilters(!showsFilters)} onNote=${() => setNoting(true)} />
      <${Filters} params=${params} problem=${state.problem} isSearching=${state.isSearching} onLeave=${() => focusList(state)} />
      <${ExcerptBanner} excerpt=${state.excerpt} onLeave=${state.toEnd} />
      <div class="message-columns">
        ${shown.entries.length
          ? html`<${Timeline} state=${state} station=${knownStation(params.station)} />`
          : html`<${NothingToShow} params=${params} isSearching=${state.isSearching} />`}
        ${entry && html`<${Details} key=${entry.number} entry=${entry} entries=${shown.entries} onClose=${state.close} onJump=${cursor.jump} />`}
      </div>
      ${isNoting && html`<${NoteDialog} station=${knownStation(params.station)} onClose=${() => setNoting(false)} />`}
    </div>
  `;
};

/** Move the focus to the list, with the cursor on one of its rows. */
const focusList = (state) => {
  state.step(0);
  const list = document.querySelector(".timeline [role='listbox']");
  if (list) list.focus();
  else document.activeElement.blur();
};
