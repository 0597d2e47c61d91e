// What stands in place of messages, or above those from the journal.

import { html } from "../../html.js";
import { server } from "../../live.js";
import { setParams } from "../../router.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { stationCommand } from "../stations/selection.js";
import { NO_FILTERS } from "./toolbar.js";

/** Says that the entries are older ones, or why the linked entry is not shown. */
export const ExcerptBanner = ({ excerpt, onLeave }) => {
  if (!excerpt) return null;
  const text = excerpt.error || `Entries around ${excerpt.number}, from the journal of the server; newer messages are not shown.`;
  return html`<div class="message-banner" role="status"><span>${text}</span><button type="button" onClick=${onLeave}>Show the newest messages</button></div>`;
};

export const NothingToShow = ({ isFiltered, isSearching }) => {
  if (isSearching) return html`<${Empty} icon="search" title="Searching the journal" />`;
  if (!isFiltered) return html`<${NoMessages} />`;
  return html`
    <${Empty} icon="filter" title="No message passes the filter">
      <button type="button" onClick=${() => setParams(NO_FILTERS)}>Clear the filter</button>
    <//>
  `;
};

const NoMessages = () => {
  const command = stationCommand(server.value?.stationUrls ?? []);
  return html`
    <${Empty} icon="messages" title="No messages yet">
      <p>Connect your station, or start one in the box:</p>
      <p><code>${command}</code> <${CopyButton} text=${command} /></p>
    <//>
  `;
};
