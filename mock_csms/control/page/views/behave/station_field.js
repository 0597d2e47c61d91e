// A field for the station that a part of the view is about: an identity, a glob, or nothing for all stations.

import { html } from "../../html.js";
import { stations } from "../../live.js";

const MAX_SUGGESTIONS = 200;

/** `onChange` gets the text while it is typed; with `isWhole`, once it is complete. */
export const StationField = ({ label = "Station", value, onChange, isWhole = false, placeholder = "all stations", required = false }) => {
  const changed = { [isWhole ? "onChange" : "onInput"]: (event) => onChange(event.target.value.trim()) };
  return html`
    <label class="station-field">
      <span>${label}</span>
      <input type="text" list="known-stations" value=${value} placeholder=${placeholder} required=${required}
        autocomplete="off" spellcheck=${false} ...${changed} />
      <${KnownStations} />
    </label>
  `;
};

/** The identities of the known stations, to choose from while typing. */
export const KnownStations = ({ id = "known-stations" }) => html`
  <datalist id=${id}>
    ${[...stations.value.keys()].slice(0, MAX_SUGGESTIONS).map((identity) => html`<option key=${identity} value=${identity}></option>`)}
  </datalist>
`;
