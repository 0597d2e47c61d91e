// The head of the view: how many messages are shown, and what can be done with all of them.

import { count } from "../../format.js";
import { html } from "../../html.js";
import { record } from "../../live.js";
import { fileName, ndjsonOf } from "../../messages/copy.js";
import { Badge } from "../../components/badge.js";
import { saveText } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { clearFilters } from "./toolbar.js";

/** `entries` are the ones that are shown, and `station` the only station of them, or empty; `onFilter` shows or hides the filters on a narrow screen. */
export const Head = ({ entries, pause, isFiltered, station, showsFilters, onFilter, onNote }) => html`
  <div class="view-head">
    <h1>Messages</h1>
    <span class="muted ellipsis">${countText(entries.length, record.entries.length)}<span class="message-noun"> messages</span></span>
    ${isFiltered && html`<${Action} icon="close" text="Clear the filter" class="quiet message-clear" onClick=${clearFilters} />`}
    ${pause.isPaused && html`<${Badge} kind="warn" icon="pause">Paused<//>`}
    <span class="spacer"></span>
    <${Action} icon="filter" text="Filter" class="message-filter-button" aria-expanded=${showsFilters} onClick=${onFilter} />
    <${Action} icon=${pause.isPaused ? "play" : "pause"} text=${pause.isPaused ? "Resume" : "Pause"} title="Space" onClick=${pause.toggle} />
    <${Action} icon="edit" text="Write a note" title="A note in the journal, such as the step of a test" onClick=${onNote} />
    <${Action} icon="download" text="Export" title="Save the messages shown as NDJSON" disabled=${!entries.length}
      onClick=${() => saveText(fileName(station), ndjsonOf(entries))} />
  </div>
`;

const Action = ({ icon, text, ...rest }) => html`<button type="button" ...${rest}><${Icon} name=${icon} /> <span>${text}</span></button>`;

const countText = (shown, all) => (shown === all ? count(all) : `${count(shown)} of ${count(all)}`);
