// The tab "All kinds": what is looked for, and what is silenced.

import { hashOf } from "../../address.js";
import { count, plural } from "../../format.js";
import { html } from "../../html.js";
import { setParams } from "../../router.js";
import { Badge, SeverityBadge } from "../../components/badge.js";
import { Empty } from "../../components/empty.js";
import { attempt } from "../../components/toasts.js";
import { matchingKinds } from "./groups.js";
import { kinds, setSilenced } from "./known.js";
import { sentenceCase } from "./report.js";
import { SilenceButton } from "./silence_button.js";

export const AllKinds = ({ params, all }) => {
  const isSilenced = params.silenced === "yes";
  const shown = matchingKinds(kinds.value, { text: params.text, severity: params.severity, isSilenced });
  const silenced = kinds.value.filter((kind) => kind.silenced).length;
  const shownSilenced = shown.filter((kind) => kind.silenced).map(({ id }) => id);
  const numbers = new Map();
  for (const { id } of all) numbers.set(id, (numbers.get(id) ?? 0) + 1);
  return html`
    <div class="toolbar kinds-toolbar">
      <p class="muted">${plural(kinds.value.length, "kind")} of findings, ${silenced} of them silenced.</p>
      ${shownSilenced.length > 1 && html`<button type="button" onClick=${() => reportAll(shownSilenced)}>Report all ${shownSilenced.length} silenced</button>`}
      <label><input type="checkbox" checked=${isSilenced} onChange=${(event) => setParams({ silenced: event.target.checked ? "yes" : "" })} /> Only silenced</label>
    </div>
    ${shown.length
      ? html`<ul class="kinds">${shown.map((kind) => html`<${Kind} key=${kind.id} kind=${kind} number=${numbers.get(kind.id)} />`)}</ul>`
      : html`<${Empty} icon="search" title="No kind matches">
          <button type="button" onClick=${() => setParams({ text: "", severity: "", silenced: "" })}>Clear the filters</button>
        <//>`}
  `;
};

const reportAll = (ids) => attempt(() => setSilenced(ids, false), `${plural(ids.length, "kind")} are reported now`);

const Kind = ({ kind: { id, severity, section, description, condition, silenced }, number }) => html`
  <li class="kind panel">
    <${SeverityBadge} severity=${severity} />
    <div class="finding-title">
      <strong class="mono">${id}</strong>
      <span>${sentenceCase(description)}</span>
      ${condition && html`<span class="muted">Only when the mock knows: ${condition}</span>`}
    </div>
    <span class="finding-requirement muted">${section}</span>
    <span class="kind-state">
      ${silenced && html`<${Badge} icon="hand">silenced<//>`}
      ${number > 0 && html`<a href=${hashOf(["findings"], { id })}>${count(number)} found</a>`}
    </span>
    <${SilenceButton} id=${id} isSilenced=${silenced} />
  </li>
`;
