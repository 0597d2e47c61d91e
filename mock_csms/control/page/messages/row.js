// A row of the timeline: a message as an arrow between the station and the server, or an event across both.

import { html } from "../html.js";
import { short } from "../text.js";
import { Badge, SEVERITY_KINDS } from "../components/badge.js";
import { Icon } from "../components/icon.js";
import { factsOf, labelOf } from "./facts.js";

/**
 * `findings` are those about the entry, and `hasStation` says whether the row names its station. With `href`, the row
 * is a link. Other properties, such as `style`, `role` and `onClick`, go to the element of the row.
 */
export const MessageRow = ({ entry, findings = [], hasStation = true, href, class: classes = "", ...rest }) => {
  const facts = factsOf(entry);
  const element = href ? "a" : "div";
  return html`
    <${element} class=${`message-row ${hasStation ? "with-station " : ""}${facts.isFrame ? entry.direction : "event"} ${entry.type} ${toneOf(entry, facts)} ${classes}`}
      href=${href} role=${href ? undefined : "group"} aria-label=${labelOf(entry, findings)} ...${rest}>
      <span class="message-time" title=${entry.time}>${facts.time}</span>
      ${hasStation && html`<bdi class="message-station">${short(entry.station ?? "")}</bdi>`}
      <${facts.isFrame ? Arrow : Event} entry=${entry} facts=${facts} />
      <span class="message-latency">${facts.latency}</span>
      <span class="message-marks"><${Marks} facts=${facts} findings=${findings} /></span>
    <//>
  `;
};

const toneOf = (entry, { outcome }) => (entry.injected || outcome.kind === "injected" ? "injected" : outcome.kind);

const Arrow = ({ entry, facts }) => html`
  <span class="message-lane">
    <span class="message-words">
      ${entry.injected && html`<${Icon} name="bolt" />`}<strong>${facts.title}</strong> <bdi class="message-summary">${facts.summary}</bdi>
    </span>
    <span class="message-arrow"></span>
  </span>
`;

const EVENT_ICONS = { connected: "plug", disconnected: "plug", refused: "lock", note: "edit", gap: "alert" };

const Event = ({ entry, facts }) => html`
  <span class="message-lane">
    <span class="message-event">
      <${Icon} name=${EVENT_ICONS[entry.type] ?? "info"} /><strong>${facts.title}</strong> <bdi class="message-summary">${facts.summary}</bdi>
    </span>
  </span>
`;

const HAS_OWN_BADGE = new Set(["result", "connected", "disconnected", "note", "missing", ""]);

const Marks = ({ facts, findings }) => html`
  ${!HAS_OWN_BADGE.has(facts.outcome.text) && html`<${OutcomeBadge} ...${facts.outcome} />`}
  ${facts.remark && html`<span class="message-rule" title=${facts.remark}>${facts.remark}</span>`}
  ${findings.length > 0 && html`<${FindingsMark} findings=${findings} />`}
`;

/** The outcome of an entry as a badge. */
export const OutcomeBadge = ({ kind, text }) => html`<${Badge} kind=${kind} icon=${kind === "injected" ? "bolt" : undefined}>${text}<//>`;

const FindingsMark = ({ findings }) => {
  const worst = Object.keys(SEVERITY_KINDS).find((severity) => findings.some((finding) => finding.severity === severity));
  const title = findings.map(({ sentence }) => short(sentence, 200)).join("\n");
  return html`<${Badge} kind=${SEVERITY_KINDS[worst]} icon="flag" title=${title}>${findings.length}<span class="message-word"> ${findings.length === 1 ? "finding" : "findings"}</span><//>`;
};
