// The part "Overview": connectors, boot, what waits, and the status of firmware and logs.

import { hashOf } from "../../address.js";
import { dateTime, energy, plural } from "../../format.js";
import { html } from "../../html.js";
import { Ago, Since } from "../../components/ago.js";
import { Badge } from "../../components/badge.js";
import { Facts } from "../../components/facts.js";
import { Icon } from "../../components/icon.js";
import { JsonView } from "../../components/json_view.js";
import { release } from "./actions.js";
import { evsesOf, lookOf } from "./connectors.js";
import { SendButton } from "./send_button.js";
import { Text } from "./text.js";

export const OverviewTab = ({ state }) => html`
  <div class="station-parts">
    <${Connectors} state=${state} />
    <div class="cards wide">
      <${Boot} state=${state} />
      <${Waiting} state=${state} />
      <${Statuses} state=${state} />
      ${state.offline && html`<${Offline} state=${state} />`}
    </div>
  </div>
`;

const Connectors = ({ state }) => {
  const evses = evsesOf(state);
  return html`
    <section class="panel">
      <h2>Connectors${!state.connected && evses.length > 0 && html` <span class="muted">as last known</span>`}</h2>
      ${evses.length
        ? html`<ul class="evses">${evses.map((evse) => html`<${Evse} key=${evse.evseId} id=${state.id} evse=${evse} />`)}</ul>`
        : html`
            <p class="muted">The station has reported no connector yet. A StatusNotification of each one fills this part.</p>
            <div class="station-commands"><${SendButton} id=${state.id} action="TriggerMessage" isConnected=${state.connected}>TriggerMessage StatusNotification<//></div>
          `}
    </section>
  `;
};

const Evse = ({ id, evse }) => html`
  <li class="evse">
    <h3>EVSE ${evse.evseId}</h3>
    <ul class="connectors">
      ${evse.connectors.map((connector) => html`<${Connector} key=${connector.connectorId} id=${id} connector=${connector} />`)}
    </ul>
  </li>
`;

const Connector = ({ id, connector }) => {
  const { kind, icon } = lookOf(connector);
  const { transaction } = connector;
  return html`
    <li class=${`connector-tile ${kind}`}>
      <span class="muted">Connector ${connector.connectorId}</span>
      <${Badge} kind=${kind} icon=${icon}><${Text} value=${connector.status} limit=${30} /><//>
      ${transaction && html`
        <a href=${hashOf(["stations", id], { tab: "transactions" })}>
          <${Text} value=${transaction.chargingState ?? "Transaction"} limit=${30} />${transaction.energyWh ? `, ${energy(transaction.energyWh)}` : ""}
        </a>
      `}
    </li>
  `;
};

const Boot = ({ state }) => {
  const { boot, boots } = state;
  const device = boot?.chargingStation ?? {};
  return html`
    <section class="panel">
      <h2>Boot</h2>
      ${boot
        ? html`
            <${Facts} facts=${[
              ["Time", html`<${Since} time=${state.bootedAt} />`],
              ["Reason", html`<${Text} value=${boot.reason} />`],
              ["Vendor", html`<${Text} value=${device.vendorName} />`],
              ["Model", html`<${Text} value=${device.model} />`],
              ["Serial number", html`<${Text} value=${device.serialNumber} />`],
              ["Firmware", html`<${Text} value=${device.firmwareVersion} />`],
              ["Answer", state.registration],
              ["Boots", boots],
            ]} />
            <details class="payload"><summary>Payload</summary><${JsonView} value=${boot} label="Payload of the BootNotification" /></details>
          `
        : html`
            <p class="muted">${boots ? "The last BootNotification was too long to keep." : "The station has not sent a BootNotification yet."}</p>
            <div class="station-commands"><${SendButton} id=${state.id} action="TriggerMessage" payload=${{ requestedMessage: "BootNotification" }} isConnected=${state.connected}>TriggerMessage BootNotification<//></div>
          `}
    </section>
  `;
};

const Waiting = ({ state }) => {
  const { id, pendingCall, heldAnswers, heldRequests } = state;
  const held = [
    ...heldAnswers.map(({ action, messageId, since }) => ({ key: messageId, action, text: html`answer to a call <${Ago} time=${since} />` })),
    ...heldRequests.map((request, index) => ({ key: `request ${index}`, action: "SignCertificate", text: "certificate held" })),
  ];
  return html`
    <section class="panel">
      <h2>Waiting</h2>
      ${pendingCall
        ? html`<p class="pending"><${Icon} name="clock" /> <span>The mock waits for the answer to <strong><${Text} value=${pendingCall.action} limit=${60} /></strong>.</span></p>`
        : html`<p class="muted">No command waits for an answer of the station.</p>`}
      ${held.length
        ? html`
            <ul class="held">${held.slice(0, 50).map(({ key, action, text }) => html`<li key=${key}><strong><${Text} value=${action} limit=${60} /></strong> <span class="muted">${text}</span></li>`)}</ul>
            <div class="station-commands"><button type="button" class="primary" onClick=${() => release(id)}>Release ${plural(held.length, "held answer")}</button></div>
          `
        : html`<p class="muted">No answer of the mock is held. A rule with the fault <code>hold</code> holds answers. <a href=${hashOf(["behave", "rules"])}>Rules</a></p>`}
    </section>
  `;
};

const Statuses = ({ state }) => {
  const { id, connected: isConnected } = state;
  const rows = [
    ["Firmware update", state.firmwareStatus, "UpdateFirmware"],
    ["Published firmware", state.publishedFirmwareStatus, "PublishFirmware"],
    ["Log upload", state.logStatus, "GetLog"],
    ["Local list version", state.localListVersion, "GetLocalListVersion"],
  ];
  return html`
    <section class="panel">
      <h2>Firmware, logs and local list</h2>
      <ul class="statuses">
        ${rows.map(([name, value, action]) => html`
          <li key=${name}>
            <span><span class="muted">${name}</span> <${Text} value=${value} limit=${40} /></span>
            <${SendButton} id=${id} action=${action} isConnected=${isConnected} />
          </li>
        `)}
      </ul>
    </section>
  `;
};

const Offline = ({ state: { offline } }) => html`
  <section class="panel">
    <h2>Refused connections</h2>
    <${Facts} facts=${[
      ["Refused now", offline.active ? "yes" : "no"],
      ["With", typeof offline.refuse === "number" ? `HTTP status ${offline.refuse}` : offline.refuse],
      ["Since", dateTime(offline.since)],
      ["Until", offline.until ? dateTime(offline.until) : "you accept connections again"],
      ["Attempts", offline.count],
    ]} />
  </section>
`;
