// A station in the list.

import { Component } from "preact";
import { hashOf } from "../../address.js";
import { dateTime } from "../../format.js";
import { html } from "../../html.js";
import { go } from "../../router.js";
import { short } from "../../text.js";
import { Ago } from "../../components/ago.js";
import { Badge, SEVERITY_KINDS } from "../../components/badge.js";
import { Icon } from "../../components/icon.js";
import { Running } from "./running.js";
import { Tiles } from "./tiles.js";

const REGISTRATIONS = {
  Accepted: { kind: "good", icon: "check" },
  Pending: { kind: "warn", icon: "clock" },
  Rejected: { kind: "bad", icon: "cross" },
};
const SECURITY = ["No security", "Password", "TLS, password", "TLS, certificates"];

/**
 * A row with the place of the station among those that are shown; `onClose(id)` asks whether to close the connection.
 * It is drawn again only if it has changed: with 1,000 stations, scrolling would be slow otherwise.
 */
export class StationRow extends Component {
  shouldComponentUpdate({ style, ...next }) {
    return style.top !== this.props.style.top || Object.keys(next).some((name) => next[name] !== this.props[name]);
  }

  render({ station, place, count, style, limit, onClose }) {
    return html`
      <div class="station-row" role="listitem" aria-posinset=${place} aria-setsize=${count} data-station=${station.id} style=${style}
        onClick=${(event) => openUnlessControl(event, station.id)}>
        <span class="identity">
          <a class="ellipsis" href=${hashOf(["stations", station.id])}><bdi>${short(station.id)}</bdi></a>
          <${Product} station=${station} />
        </span>
        <${Connection} station=${station} />
        <span class="connectors"><${Tiles} station=${station} /></span>
        <span class=${station.connected ? "running" : "running is-stale"}><${Running} station=${station} limit=${limit} /></span>
        <span class="notes"><${Findings} station=${station} /><${Notes} station=${station} /></span>
        <${RowActions} station=${station} onClose=${onClose} />
      </div>
    `;
  }
}

/** The whole row leads to the station, except for its links and buttons, and unless text was selected. */
const openUnlessControl = (event, id) => {
  if (event.target.closest("a, button") || String(getSelection())) return;
  go(["stations", id]);
};

const Product = ({ station: { vendor, model, firmware } }) => {
  const product = [vendor, model].filter(Boolean).map((text) => short(text, 50)).join(" ");
  return html`
    <span class="product muted ellipsis">
      ${product ? html`<bdi title=${firmware ? `Firmware ${short(firmware, 50)}` : undefined}>${product}</bdi>` : "No boot yet"}
    </span>
  `;
};

const Connection = ({ station: { connected, connectedSince, securityProfile: profile, registration, lastMessage } }) => html`
  <span class="connection">
    <span class="state">
      <span class=${connected ? "good" : "muted"} title=${connected ? `Since ${dateTime(connectedSince)}` : undefined}><${Icon} name=${connected ? "plug" : "close"} />${connected ? "Connected" : "Not connected"}</span>
      ${registration && html`<${Registration} status=${registration} />`}
    </span>
    <span class="state muted">
      ${profile !== null && html`<span title=${`Security profile ${profile}`}><${Icon} name=${profile ? "lock" : "unlock"} />${SECURITY[profile]}</span>`}
      ${lastMessage && html`<${Ago} time=${lastMessage} />`}
    </span>
  </span>
`;

const Registration = ({ status }) => {
  const { kind, icon } = REGISTRATIONS[status] ?? { kind: "warn", icon: "alert" }; // as a rule may answer
  return html`<span class=${kind} title="Answer to its last boot"><${Icon} name=${icon} />${short(status, 20)}</span>`;
};

const Findings = ({ station: { id, findings } }) =>
  Object.keys(SEVERITY_KINDS).filter((severity) => findings[severity]).map((severity) => {
    const text = `${findings[severity]} ${severity}${findings[severity] > 1 ? "s" : ""}`;
    return html`
      <a key=${severity} class="plain" href=${hashOf(["findings"], { station: id, severity })} title=${text} aria-label=${text}>
        <${Badge} kind=${SEVERITY_KINDS[severity]}>${findings[severity]}<//>
      </a>
    `;
  });

const Notes = ({ station: { state, offline, pendingCall } }) => html`
  ${offline && html`<${Badge} kind="injected" icon="pause" title="The mock refuses its connections">Refused<//>`}
  ${pendingCall && html`<${Badge} kind="info" icon="clock" title="Waits for its answer"><bdi class="ellipsis">${short(pendingCall.action, 40)}</bdi><//>`}
  ${state !== "start" && html`<${Badge} kind="injected" icon="wand" title="State that a rule has set"><bdi class="ellipsis">${short(state, 40)}</bdi><//>`}
`;

const RowActions = ({ station: { id, connected }, onClose }) => {
  const name = short(id);
  return html`
    <span class="row-actions">
      <a class="quiet button" href=${hashOf(["messages"], { station: id })} title="Show its messages" aria-label=${`Show the messages of ${name}`}><${Icon} name="messages" /></a>
      <a class="quiet button" href=${hashOf(["send"], { station: id })} title="Choose a command to send" aria-label=${`Send a command to ${name}`}><${Icon} name="edit" /></a>
      <button type="button" class="quiet" disabled=${!connected} title="Close its connection" aria-label=${`Close the connection of ${name}`} onClick=${() => onClose(id)}><${Icon} name="close" /></button>
    </span>
  `;
};
