// A field for the station that a part of the view is about: an identity, a glob, or nothing for all stations.

import { html } from "../../html.js";
import { stations } from "../../live.js";

const MAX_SUGGESTIONS = 200;

export const StationField = ({ label = "Station", value, onChange, placeholder = "all stations", required = false }) => html`
  <label class="station-field">
    <span>${label}</span>
    <input type="text" list="known-stations" value=${value} placeholder=${placeholder} required=${required}
      autocomplete="off" spellcheck=${false} onInput=${(event) => onChange(event.target.value.trim())} />
    <${KnownStations} />
  </label>
`;

/** The identities of the known stations, to choose from while typing. */
export const KnownStations = ({ id = "known-stations" }) => html`
  <datalist id=${id}>
    ${[...stations.value.keys()].slice(0, MAX_SUGGESTIONS).map((identity) => html`<option key=${identity} value=${identity}></option>`)}
  </datalist>
`;
