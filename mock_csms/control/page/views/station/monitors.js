// The part "Monitors": monitors of variables, and the reports that have arrived.

import { html } from "../../html.js";
import { plural } from "../../format.js";
import { Badge } from "../../components/badge.js";
import { Empty } from "../../components/empty.js";
import { JsonView } from "../../components/json_view.js";
import { Disclosure } from "./disclosure.js";
import { Commands, Table } from "./table.js";
import { Text } from "./text.js";
import { placeOf, titleOf } from "./tree.js";

const COMMANDS = [{ action: "SetVariableMonitoring" }, { action: "GetMonitoringReport" }, { action: "GetBaseReport" }, { action: "CustomerInformation" }];

export const MonitorsTab = ({ state }) => {
  const { monitors, reports } = state;
  if (!monitors.length && !reports.length) {
    return html`
      <${Empty} icon="list" title="No monitor and no report is known">
        <p>Set a monitor, or ask the station for a report. The parts of a report appear here as they arrive.</p>
        <div class="station-commands"><${Commands} state=${state} commands=${COMMANDS} /></div>
      <//>
    `;
  }
  return html`
    <div class="station-parts">
      <div class="toolbar"><${Commands} state=${state} commands=${COMMANDS} /></div>
      <section class="panel">
        <h2>Monitors</h2>
        ${monitors.length ? html`<${Monitors} state=${state} />` : html`<p class="muted">None is known. SetVariableMonitoring sets one, GetMonitoringReport lists them.</p>`}
      </section>
      <section class="panel">
        <h2>Reports</h2>
        ${reports.length
          ? [...reports].reverse().map((report) => html`<${Report} key=${`${report.action} ${report.requestId}`} report=${report} />`)
          : html`<p class="muted">None has arrived. GetBaseReport, GetMonitoringReport and others ask for one.</p>`}
      </section>
    </div>
  `;
};

const Monitors = ({ state }) => html`
  <${Table} state=${state} label="Monitors" items=${state.monitors}
    actionOf=${({ id }) => ({ action: "ClearVariableMonitoring", payload: { id: [id] }, label: "Clear" })}
    columns=${[
      ["Id", ({ id }) => id],
      ["Component", ({ component }) => html`<${Text} value=${titleOf(component)} limit=${80} />`],
      ["At", ({ component }) => placeOf(component.evse) || "station"],
      ["Variable", ({ variable }) => html`<${Text} value=${titleOf(variable)} limit=${80} />`],
      ["Type", ({ type }) => html`<${Text} value=${type} limit=${30} />`],
      ["Value", ({ value }) => value],
      ["Severity", ({ severity }) => severity],
      ["Only in transactions", ({ transaction }) => (transaction ? "yes" : "no")],
    ]} />
`;

const Report = ({ report }) => html`
  <${Disclosure} class="report" summary=${html`
      <strong><${Text} value=${report.action} limit=${60} /></strong> <span class="muted">requestId <${Text} value=${report.requestId} limit=${20} />, ${plural(report.parts.length, "part")}, ${plural(report.items.length, "item")}</span>
      ${report.complete ? html`<${Badge} kind="good">Complete<//>` : html`<${Badge} kind="warn">${report.missing.length ? `Part ${report.missing.join(", ")} missing` : "More parts follow"}<//>`}
    `}>
    ${() => html`<${JsonView} value=${report.items} label=${`Items of ${report.action}`} />`}
  <//>
`;
