// How to connect the first station.

import { html } from "../../html.js";
import { server } from "../../live.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { isOnlyLocal, stationCommand } from "./selection.js";

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
        ${isOnlyLocal(urls) && html`<p>Only this computer reaches ${urls.length > 1 ? "these addresses" : "this address"}. For a station on another machine, start the server with <code>--host 0.0.0.0</code>; then its addresses in the network are listed here.</p>`}
        <p>Or start a simulated station. It boots and charges by itself:</p>
        <ul><li><code>${command}</code><${CopyButton} text=${command}>Copy the command<//></li></ul>
      <//>
    </div>
  `;
};
