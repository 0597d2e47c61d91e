// What a user can do to the connection and the state of a station.

import { useState } from "preact/hooks";
import { post, remove, stationPath } from "../../api.js";
import { html } from "../../html.js";
import { ConfirmDialog, Dialog } from "../../components/dialog.js";
import { attempt } from "../../components/toasts.js";

/** Send the answers and certificates that are held back for a station. */
export const release = (id) => attempt(() => post(stationPath(id, "/release")), "Released");

export const Actions = ({ state }) => {
  const [dialog, setDialog] = useState("");
  const { id, connected, offline } = state;
  const held = state.heldAnswers.length + state.heldRequests.length;
  const close = () => setDialog("");
  return html`
    ${held > 0 && html`<button type="button" class="primary" onClick=${() => release(id)}>Release ${held} held</button>`}
    <button type="button" disabled=${!connected} onClick=${() => closeConnection(id)}>Close connection</button>
    <button type="button" disabled=${!connected} onClick=${() => dropConnection(id)}>Drop connection</button>
    ${offline?.active
      ? html`<button type="button" onClick=${() => acceptConnections(id)}>Accept connections</button>`
      : html`<button type="button" onClick=${() => setDialog("offline")}>Refuse connections …</button>`}
    <button type="button" class="danger" onClick=${() => setDialog("forget")}>Forget state …</button>
    ${dialog === "offline" && html`<${OfflineDialog} id=${id} onClose=${close} />`}
    ${dialog === "forget" && html`
      <${ConfirmDialog} title="Forget the state of this station" action="Forget" onClose=${close} onConfirm=${() => forget(id)}
        question="The mock forgets its boot, transactions, device model, profiles, reservations and findings. The connection, the messages and the rules stay." />
    `}
  `;
};

const closeConnection = (id) => attempt(() => remove(stationPath(id, "/connection")), "Connection closed");
const dropConnection = (id) => attempt(() => remove(stationPath(id, "/connection"), { abort: true }), "Connection dropped");
const acceptConnections = (id) => attempt(() => remove(stationPath(id, "/offline")), "The station may connect again");
const forget = (id) => attempt(() => post("v1/reset", undefined, { params: { station: id } }), "State forgotten");

const REFUSALS = [
  ["503", "HTTP status 503"],
  ["401", "HTTP status 401"],
  ["404", "HTTP status 404"],
  ["hang", "no answer to the opening handshake"],
  ["reset", "reset of the TCP connection"],
];

const OfflineDialog = ({ id, onClose }) => {
  const [seconds, setSeconds] = useState("30");
  const [refusal, setRefusal] = useState("503");
  const submit = async (event) => {
    event.preventDefault();
    const refuse = Number(refusal) || refusal;
    const body = seconds ? { for: Number(seconds), refuse } : { refuse };
    if (await attempt(() => post(stationPath(id, "/offline"), body), "Connections of this station are refused")) onClose();
  };
  return html`
    <${Dialog} title="Refuse connections" onClose=${onClose}>
      <form class="stack" onSubmit=${submit}>
        <p>The connection of this station ends without a close frame, as in a loss of the network, and new ones are refused.</p>
        <label class="field">Seconds; if empty, until you accept connections again
          <input type="number" min="0.1" max="86400" step="any" value=${seconds} onInput=${(event) => setSeconds(event.target.value)} />
        </label>
        <label class="field">Refuse with
          <select value=${refusal} onChange=${(event) => setRefusal(event.target.value)}>
            ${REFUSALS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
          </select>
        </label>
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button class="primary">Refuse</button>
        </div>
      </form>
    <//>
  `;
};
