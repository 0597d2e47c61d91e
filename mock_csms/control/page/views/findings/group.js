// A group of findings, of one kind or of one station, which opens on a click.

import { useState } from "preact/hooks";
import { count, plural } from "../../format.js";
import { html } from "../../html.js";
import { short } from "../../text.js";
import { hashOf } from "../../address.js";
import { Ago } from "../../components/ago.js";
import { Badge, SeverityBadge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { FindingRow } from "./finding_row.js";
import { identityOf, lengthUntil, SEVERITIES } from "./groups.js";
import { entriesOf } from "./known.js";
import { markdownOf, MAX_REPORTED, sentenceCase, textOf } from "./report.js";
import { SilenceButton } from "./silence_button.js";

const FIRST_FINDINGS = 20;
const MORE_FINDINGS = 100;

/** `by` is "id" or "station". The findings of an open group stay in place; newer ones are shown on a click. */
export const Group = ({ group, by, kindOf, isOpenAtFirst }) => {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const Head = by === "id" ? KindHead : StationHead;
  return html`
    <li class="finding-group panel">
      <button type="button" class="finding-head" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
        <${Icon} name="chevron" /><${Head} group=${group} kind=${kindOf.get(group.name)} />
      </button>
      ${isOpen && html`<${Opened} group=${group} by=${by} kindOf=${kindOf} />`}
    </li>
  `;
};

const KindHead = ({ group, kind }) => {
  const { severity, section } = group.findings[0];
  return html`
    <${SeverityBadge} severity=${severity} />
    <span class="finding-title"><strong class="mono">${group.name}</strong><span class="muted">${kind && sentenceCase(kind.description)}</span></span>
    <span class="finding-about">${kind?.silenced && html`<${Badge} icon="hand">silenced<//>`}<${StationNames} ids=${group.others} /></span>
    <span class="finding-requirement muted">${section}</span>
    <${Last} findings=${group.findings} />
    <span class="finding-count"><span class="count">${count(group.findings.length)}</span><span class="visually-hidden"> findings</span></span>
  `;
};

const StationHead = ({ group }) => html`
  <span class="finding-title"><strong><bdi>${short(group.name)}</bdi></strong><span class="muted">${plural(group.others.size, "kind")}</span></span>
  <span class="finding-about">${SEVERITIES.map((severity) => group.counts[severity] > 0 && html`<${SeverityBadge} key=${severity} severity=${severity} count=${group.counts[severity]} />`)}</span>
  <${Last} findings=${group.findings} />
`;

const StationNames = ({ ids }) => {
  const [first] = ids;
  return ids.size === 1 ? html`<bdi>${short(first, 24)}</bdi>` : plural(ids.size, "station");
};

const Last = ({ findings }) => html`<span class="finding-last muted nowrap"><${Ago} time=${findings.at(-1).time} /></span>`;

const Opened = ({ group, by, kindOf }) => {
  const { findings } = group;
  const [limit, setLimit] = useState(FIRST_FINDINGS);
  const [last, setLast] = useState(findings.at(-1));
  const end = lengthUntil(findings, last);
  const newest = findings.slice(Math.max(0, end - limit), end).reverse();
  return html`
    <div class="finding-body">
      ${by === "id" && html`<${Requirement} finding=${findings[0]} kind=${kindOf.get(group.name)} />`}
      <div class="toolbar">
        ${by === "id" ? html`<${KindTools} findings=${findings} kind=${kindOf.get(group.name)} />` : html`<${StationTools} id=${group.name} />`}
        ${end < findings.length && html`<button type="button" class="primary" onClick=${() => setLast(findings.at(-1))}>Show ${plural(findings.length - end, "newer finding")}</button>`}
      </div>
      <ul class=${`finding-list by-${by}`}>
        ${newest.map((finding) => html`<${FindingRow} key=${identityOf(finding)} finding=${finding} kind=${kindOf.get(finding.id)} hasKind=${by === "station"} />`)}
      </ul>
      ${end > limit && html`<button type="button" onClick=${() => setLimit(limit + MORE_FINDINGS)}>Show ${Math.min(MORE_FINDINGS, end - limit)} older of ${count(end)}</button>`}
    </div>
  `;
};

const Requirement = ({ finding: { section }, kind }) => html`
  <p class="muted">Requirement: ${section}.${kind?.condition && ` Reported only when the mock knows: ${kind.condition}.`}</p>
`;

const KindTools = ({ findings, kind }) => {
  const copied = (write) => async () => write(findings, kind, await entriesOf(findings.slice(-MAX_REPORTED)));
  return html`
    <${SilenceButton} id=${findings[0].id} isSilenced=${kind?.silenced} />
    <${CopyButton} text=${copied(markdownOf)}>Copy as Markdown<//>
    <${CopyButton} text=${copied(textOf)}>Copy as text<//>
  `;
};

const StationTools = ({ id }) => html`
  <a class="button" href=${hashOf(["stations", id])}>Show the station</a>
  <a class="button" href=${hashOf(["messages"], { station: id })}>Show its messages</a>
`;
