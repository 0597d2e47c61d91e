// No run: how to start one.

import { html } from "../../html.js";
import { server } from "../../live.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";

export const NoRun = () => {
  const command = `mock-csms certify station.toml --against ${server.value?.control ?? location.origin}`;
  return html`
    <div class="panel">
      <${Empty} icon="certify" title="No certification rehearsal has run yet">
        <p>It takes a station through the test cases of OCPP 2.0.1, and shows a verdict for each of them here. This command starts one:</p>
        <p><code>${command}</code> <${CopyButton} text=${command}>Copy the command<//></p>
      <//>
    </div>
  `;
};
