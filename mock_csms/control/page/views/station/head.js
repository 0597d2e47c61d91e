// The head of the page of a station: identity, state, facts, links and actions.

import { hashOf } from "../../address.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { short, visible } from "../../text.js";
import { Ago, Since } from "../../components/ago.js";
import { Badge, SeverityBadge } from "../../components/badge.js";
import { Icon } from "../../components/icon.js";
import { Actions } from "./actions.js";
import { Text } from "./text.js";

const REGISTRATIONS = { Accepted: "good", Pending: "warn", Rejected: "bad" };
const SEVERITIES = ["error", "warning", "hint"];

export const Head = ({ state }) => html`
  <header class="station-head">
    <a class="back" href="#/stations"><${Icon} name="arrow_left" /> Stations</a>
    <div class="view-head">
      <h1 title=${state.id.length > 60 ? visible(state.id) : undefined}><bdi>${short(state.id)}</bdi></h1>
      <${States} state=${state} />
    </div>
    <${Summary} state=${state} />
    <div class="toolbar">
      <div class="toolbar"><${Links} state=${state} /></div>
      <span class="spacer"></span>
      <div class="toolbar"><${Actions} state=${state} /></div>
    </div>
  </header>
`;

const States = ({ state }) => html`
  ${state.connected ? html`<${Badge} kind="good">Connected<//>` : html`<${Badge} kind="idle">Not connected<//>`}
  ${state.registration && html`<${Badge} kind=${REGISTRATIONS[state.registration]}>Boot ${state.registration.toLowerCase()}<//>`}
  ${!state.registration && html`<${Badge} kind="idle">No boot yet<//>`}
  ${state.offline?.active && html`<${Badge} kind="injected" icon="pause">Connections refused<//>`}
  ${state.pendingCall && html`<${Badge} kind="info" icon="clock">Waits for <bdi>${short(state.pendingCall.action, 40)}</bdi><//>`}
  ${state.heldAnswers.length > 0 && html`<${Badge} kind="injected" icon="hand">${plural(state.heldAnswers.length, "held answer")}<//>`}
  ${SEVERITIES.filter((severity) => state.findings[severity]).map(
    (severity) => html`
      <a class="plain" key=${severity} href=${hashOf(["findings"], { station: state.id, severity })}>
        <${SeverityBadge} severity=${severity} count=${state.findings[severity]} />
      </a>
    `,
  )}
`;

const Summary = ({ state }) => html`
  <ul class="summary">
    ${state.vendor && html`<li><span class="muted">Product</span> <${Text} value=${[state.vendor, state.model].filter(Boolean).join(" ")} limit=${80} /></li>`}
    ${state.firmware && html`<li><span class="muted">Firmware</span> <${Text} value=${state.firmware} limit=${40} /></li>`}
    ${state.ocppVersion && html`<li><span class="muted">OCPP</span> ${state.ocppVersion}</li>`}
    ${state.connected && html`<li><span class="muted">Security profile</span> ${state.securityProfile}</li>`}
    ${state.remote && html`<li><span class="muted">Address</span> <code>${state.remote}</code> <span class="muted">at listener</span> ${state.listener}</li>`}
    ${state.connected && html`<li><span class="muted">Connection</span> no. ${state.connection}</li>`}
    ${state.connectedSince && html`<li><span class="muted">Connected since</span> <${Since} time=${state.connectedSince} /></li>`}
    ${state.lastMessage && html`<li><span class="muted">Last message</span> <${Ago} time=${state.lastMessage} /></li>`}
    ${state.state !== "start" && html`<li><span class="muted">State of its rules</span> <${Text} value=${state.state} limit=${40} /></li>`}
  </ul>
`;

const Links = ({ state: { id } }) => html`
  <a class="button" href=${hashOf(["messages"], { station: id })}><${Icon} name="messages" /> Messages</a>
  <a class="button" href=${hashOf(["send"], { station: id })}><${Icon} name="edit" /> Send …</a>
  <a class="button" href=${hashOf(["findings"], { station: id })}><${Icon} name="flag" /> Findings</a>
  <a class="button" href=${hashOf(["behave", "rules"], { station: id })}><${Icon} name="wand" /> Behave</a>
`;
