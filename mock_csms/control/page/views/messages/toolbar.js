// The filters of the timeline, kept in the address.

import { useEffect, useState } from "preact/hooks";
import { get, ignoreFailedRequest } from "../../api.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { setParams } from "../../router.js";
import { visible } from "../../text.js";

const SUGGESTIONS = 300;

/** Fields for {station, action, direction, errors, expression}; `problem` is the sentence about a wrong expression. */
export const Filters = ({ params, problem, isSearching }) => {
  const change = (name) => (event) => setParams({ [name]: event.target.value, entry: "" });
  return html`
    <div class="message-filters" role="search" aria-label="Filter the messages">
      <label class="field">Station
        <input id="message-station" type="search" list="message-stations" autocomplete="off" placeholder="All stations"
          value=${params.station ?? ""} onInput=${change("station")} />
      </label>
      <datalist id="message-stations">${[...stations.value.keys()].slice(0, SUGGESTIONS).map((id) => html`<option key=${id} value=${id}>${visible(id)}</option>`)}</datalist>
      <label class="field">Action
        <input type="search" list="message-actions" autocomplete="off" placeholder="All actions" value=${params.action ?? ""} onInput=${change("action")} />
      </label>
      <${Actions} />
      <label class="field">Direction
        <select value=${params.direction ?? ""} onChange=${change("direction")}>
          <option value="">Both</option>
          <option value="received">From the station</option>
          <option value="sent">To the station</option>
        </select>
      </label>
      <${ExpressionField} text=${params.expression ?? ""} onInput=${change("expression")} problem=${problem} isSearching=${isSearching} />
      <label class="message-errors" title="Errors, malformed frames, violations of the schema, refusals and messages with a finding">
        <input type="checkbox" checked=${params.errors === "true"} onChange=${(event) => setParams({ errors: event.target.checked ? "true" : "", entry: "" })} />
        Errors only
      </label>
    </div>
  `;
};

const ExpressionField = ({ text, onInput, problem, isSearching }) => html`
  <div class="field message-expression">
    <label for="message-expression">JMESPath</label>
    <input id="message-expression" type="search" class="mono" autocomplete="off" spellcheck=${false} placeholder="elapsed > \`0.5\`"
      value=${text} onInput=${onInput} aria-invalid=${problem ? "true" : undefined} aria-describedby="message-expression-problem" />
    <span id="message-expression-problem" class=${problem ? "bad-text" : "muted"} role="status">${problem || (isSearching ? "Searching …" : "")}</span>
  </div>
`;

/** Names of all actions of OCPP. */
const Actions = () => {
  const [names, setNames] = useState([]);
  useEffect(() => {
    const unique = (versions) => [...new Set(versions.flatMap(({ fromStation, fromCsms }) => [...fromStation, ...fromCsms].map(({ action }) => action)))];
    get("v1/actions").then((versions) => setNames(unique(versions).sort()), ignoreFailedRequest); // without it, there are no suggestions
  }, []);
  return html`<datalist id="message-actions">${names.map((name) => html`<option key=${name} value=${name} />`)}</datalist>`;
};

/** Parameters of the address without any filter. */
export const NO_FILTERS = { station: "", action: "", direction: "", errors: "", expression: "" };

export const isFiltered = (params) => Object.keys(NO_FILTERS).some((name) => params[name]);
