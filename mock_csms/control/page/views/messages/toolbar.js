// The filters of the timeline, kept in the address.

import { useEffect, useState } from "preact/hooks";
import { get, ignoreFailedRequest } from "../../api.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { setParams } from "../../router.js";
import { visible } from "../../text.js";

const SUGGESTIONS = 300;

/**
 * Fields for {text, station, action, direction, errors, expression}; `problem` is the sentence about a wrong expression,
 * and `onLeave` moves the focus to the messages.
 */
export const Filters = ({ params, problem, isSearching, onLeave }) => {
  const change = (name) => (event) => setParams({ [name]: event.target.value, entry: "" });
  return html`
    <div class="message-filters" role="search" aria-label="Filter the messages" onKeyDown=${leavingKeys(onLeave)}>
      <label class="field message-search">Search
        <input id="message-search" type="search" autocomplete="off" spellcheck=${false} placeholder="Token, transaction, any text"
          value=${params.text ?? ""} onInput=${change("text")} />
      </label>
      <label class="field">Station
        <input type="search" list="message-stations" autocomplete="off" placeholder="All stations"
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

/** Enter or an arrow leads from a field to the messages; so does Esc, once the field is empty. */
const leavingKeys = (onLeave) => (event) => {
  const { key, target } = event;
  const isLeaving =
    (key === "Enter" && target.matches("input")) ||
    (key === "ArrowDown" && target.matches("input[type='search']:not([list])")) ||
    (key === "Escape" && !(target.matches("input[type='search']") && target.value));
  if (!isLeaving) return;
  event.preventDefault();
  onLeave();
};

const EXAMPLES = [
  { expression: "elapsed > `0.5`", meaning: "answered after more than half a second" },
  { expression: "frame[3].eventType == 'Ended'", meaning: "the end of a transaction" },
  { expression: "frame[3].evse.id == `1`", meaning: "calls about EVSE 1" },
  { expression: "contains(['Reset', 'UpdateFirmware'], action)", meaning: "one of two actions" },
];

const ExpressionField = ({ text, onInput, problem, isSearching }) => html`
  <div class="field message-expression">
    <label for="message-expression">JMESPath</label>
    <input id="message-expression" type="search" class="mono" autocomplete="off" spellcheck=${false} placeholder="elapsed > \`0.5\`"
      value=${text} onInput=${onInput} aria-invalid=${problem ? "true" : undefined} aria-describedby="message-expression-problem" />
    ${!text && html`<${Examples} />`}
    <span id="message-expression-problem" class=${problem ? "bad-text" : "muted"} role="status">${problem || (isSearching ? "Searching …" : "")}</span>
  </div>
`;

/** Shown while the field has the focus (messages.css). */
const Examples = () => html`
  <ul class="message-examples" aria-label="Examples of expressions">
    ${EXAMPLES.map(
      ({ expression, meaning }) => html`
        <li key=${expression}><button type="button" class="quiet" onMouseDown=${keepFocus} onClick=${() => fillIn(expression)}><code>${expression}</code> <span>${meaning}</span></button></li>
      `,
    )}
  </ul>
`;

/** Some browsers give no focus to a button that is clicked, and the examples would be gone before the click. */
const keepFocus = (event) => event.preventDefault();

const fillIn = (expression) => {
  setParams({ expression, entry: "" });
  document.getElementById("message-expression").focus();
};

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
export const NO_FILTERS = { text: "", station: "", action: "", direction: "", errors: "", expression: "" };

export const isFiltered = (params) => Object.keys(NO_FILTERS).some((name) => params[name]);

export const clearFilters = () => setParams({ ...NO_FILTERS, entry: "" });
