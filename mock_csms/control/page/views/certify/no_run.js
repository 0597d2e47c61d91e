// No run: how to start one.

import { html } from "../../html.js";
import { server, stations } from "../../live.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { commandsFor } from "./run.js";

export const NoRun = () => {
  const commands = commandsFor([...stations.value.keys()], server.value?.control ?? location.origin);
  return html`
    <div class="panel">
      <${Empty} icon="certify" title="No certification rehearsal has run yet">
        <p>It takes a station through the test cases of OCPP 2.0.1, and shows the verdict of each here. These commands describe the station in a file, and start a run:</p>
        <ul class="certify-commands">${commands.map((command) => html`<li key=${command}><code>${command}</code><${CopyButton} text=${command}>Copy the command<//></li>`)}</ul>
      <//>
    </div>
  `;
};
