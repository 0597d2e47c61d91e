// The view "Overview": how much is going on, and where everything is.

import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { server } from "../../live.js";
import { Curves } from "./curves.js";
import { Findings } from "./findings_panel.js";
import { Addresses, Files, Journal, Schedule, ServerFacts, Totals } from "./panels.js";
import { usePolled } from "./polled.js";

export const OverviewView = () => {
  const { value: statistics, problem } = usePolled("v1/statistics");
  const facts = usePolled("v1/server").value ?? server.value;
  return html`
    <div class="view overview-view">
      <div class="view-head">
        <h1>Overview</h1>
        ${facts && html`<span class="muted" title=${`since ${dateTime(facts.startedAt)}`}>running for ${span((Date.now() - new Date(facts.startedAt)) / 1000)}</span>`}
        ${problem && html`<span class="bad-text" role="status">The statistics are not up to date: ${problem}</span>`}
      </div>
      <${Curves} statistics=${statistics} />
      <div class="overview-panels">
        <${Findings} statistics=${statistics} />
        ${statistics && html`<${Totals} statistics=${statistics} />`}
        ${facts && html`
          <${Addresses} facts=${facts} />
          <${Schedule} schedule=${facts.schedule} />
          <${Journal} journal=${facts.journal} />
          <${Files} facts=${facts} />
          <${ServerFacts} facts=${facts} />
        `}
      </div>
    </div>
  `;
};
