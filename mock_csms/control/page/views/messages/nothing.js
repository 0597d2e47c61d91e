// What stands in place of messages, or above those from the journal.

import { html } from "../../html.js";
import { server } from "../../live.js";
import { setParams } from "../../router.js";
import { visible } from "../../text.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { stationCommand } from "../stations/selection.js";
import { NO_FILTERS, clearFilters, isFiltered } from "./toolbar.js";

/** Says that the entries are older ones, or why the linked entry is not shown. */
export const ExcerptBanner = ({ excerpt, onLeave }) => {
  if (!excerpt) return null;
  const text = excerpt.error || `Entries around ${excerpt.number}, from the journal of the server; newer messages are not shown.`;
  return html`<div class="message-banner" role="status"><span>${text}</span><button type="button" onClick=${onLeave}>Show the newest messages</button></div>`;
};

export const NothingToShow = ({ params, isSearching }) => {
  if (isSearching) return html`<${Empty} icon="search" title="Searching the journal" />`;
  if (!isFiltered(params)) return html`<${NoMessages} />`;
  return html`
    <${Empty} icon="filter" title="No message passes the filter">
      ${isPlainWord(params.expression) && html`<${SearchInstead} word=${params.expression} />`}
      <button type="button" onClick=${clearFilters}>Clear the filter</button>
    <//>
  `;
};

/** Whether an expression was perhaps meant as a text: a token is the name of a field, too, and as such in no entry. */
const isPlainWord = (expression) => /^"?[\w-]+"?$/.test(expression ?? "");

const SearchInstead = ({ word }) => html`
  <p>
    <code><bdi>${visible(word)}</bdi></code> as a JMESPath expression is the field of that name.${" "}
    <button type="button" onClick=${() => setParams({ ...NO_FILTERS, text: word })}>Search for the text</button>
  </p>
`;

const NoMessages = () => {
  const command = stationCommand(server.value?.stationUrls ?? []);
  return html`
    <${Empty} icon="messages" title="No messages yet">
      <p>Connect your station, or start one in the box:</p>
      <p><code>${command}</code> <${CopyButton} text=${command} /></p>
    <//>
  `;
};
