// The filters of the findings; they are parameters of the address.

import { useRef } from "preact/hooks";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { stations } from "../../live.js";
import { setParams } from "../../router.js";
import { short } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { SEVERITIES } from "./groups.js";

const LABELS = { error: "Errors", warning: "Warnings", hint: "Hints" };
const MAX_OPTIONS = 200;

export const Filters = ({ params, counts, isKinds }) => {
  const search = useRef(null);
  useKeys({ "/": () => search.current.focus() });
  return html`
    <${SeverityChoice} chosen=${params.severity ?? ""} counts=${isKinds ? null : counts} />
    <span class="search">
      <${Icon} name="search" />
      <input type="search" ref=${search} aria-label="Search findings" placeholder="Search" value=${params.text ?? ""}
        onInput=${(event) => setParams({ text: event.target.value })} />
    </span>
    ${!isKinds && html`<${StationFilter} station=${params.station ?? ""} />`}
    ${!isKinds && params.id && html`<${IdChip} id=${params.id} />`}
  `;
};

const SeverityChoice = ({ chosen, counts }) => html`
  <div class="choice" role="group" aria-label="Severity">
    ${["", ...SEVERITIES].map(
      (severity) => html`
        <button type="button" key=${severity} aria-pressed=${severity === chosen} onClick=${() => setParams({ severity })}>
          ${LABELS[severity] ?? "All"}${severity && counts ? html` <span class="count">${count(counts[severity])}</span>` : ""}
        </button>
      `,
    )}
  </div>
`;

const StationFilter = ({ station }) => html`
  <input class="station-filter" aria-label="Station" placeholder="All stations" list="finding-stations" value=${station}
    onInput=${(event) => setParams({ station: event.target.value })} />
  <datalist id="finding-stations">
    ${[...stations.value.keys()].slice(0, MAX_OPTIONS).map((id) => html`<option key=${id} value=${id} />`)}
  </datalist>
`;

const IdChip = ({ id }) => html`
  <button type="button" class="chip" aria-label=${`Show all kinds, not only ${short(id)}`} onClick=${() => setParams({ id: "" })}>
    <span class="mono"><bdi>${short(id)}</bdi></span><${Icon} name="close" />
  </button>
`;
