// How to connect the first station.

import { html } from "../../html.js";
import { server } from "../../live.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { stationCommand } from "./selection.js";

export const FirstStation = () => {
  const urls = server.value?.stationUrls ?? [];
  const command = stationCommand(urls);
  return html`
    <div class="panel first-station">
      <${Empty} icon="station" title="No station has connected yet">
        ${urls.length > 0 && html`
          <p>Enter ${urls.length > 1 ? "one of these addresses" : "this address"} in your station as the address of the central system (CSMS). The station adds its identity, as in <code>${urls[0].replace(/\/?$/, "/CS001")}</code>.</p>
          <ul>${urls.map((url) => html`<li key=${url}><code>${url}</code><${CopyButton} text=${url}>Copy the address<//></li>`)}</ul>
        `}
        <p>Or start a simulated station. It boots and charges by itself:</p>
        <ul><li><code>${command}</code><${CopyButton} text=${command}>Copy the command<//></li></ul>
      <//>
    </div>
  `;
};
