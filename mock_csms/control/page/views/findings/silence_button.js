// Silences a kind of findings, or reports it again.

import { html } from "../../html.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { setSilenced } from "./known.js";

export const SilenceButton = ({ id, isSilenced }) => {
  const change = () =>
    attempt(() => setSilenced([id], !isSilenced), isSilenced ? `${id} is reported again` : `${id} is silenced for all stations; what has been found stays`);
  return html`
    <button type="button" onClick=${change} aria-label=${`${isSilenced ? "Report" : "Silence"} ${id}`}>
      <${Icon} name=${isSilenced ? "flag" : "hand"} /> ${isSilenced ? "Report" : "Silence"}
    </button>
  `;
};
