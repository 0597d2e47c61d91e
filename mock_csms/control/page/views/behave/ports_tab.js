// The ports for stations: security profile, TLS and TLS fault, changed for new connections.

import { useEffect, useState } from "preact/hooks";
import { get, put } from "../../api.js";
import { html } from "../../html.js";
import { server } from "../../live.js";
import { Badge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { notify } from "../../components/toasts.js";
import { fetchProblem, useFetched } from "./fetched.js";
import { ChoiceField, NumberField, TextField } from "./fields.js";
import { TLS_FAULTS } from "./faults.js";
import { faultIn, faultText, portSentence, SECURITY_PROFILES } from "./port_words.js";

export const PortsTab = () => {
  const { value: listeners, problem, refresh } = useFetched(() => get("v1/listeners"));
  return html`
    <p class="muted">Changes apply to new connections; open ones stay as they are. If a station has a higher security profile in its own settings, that profile applies.</p>
    ${problem && html`<p class="form-problem" role="alert">${fetchProblem(problem)}</p>`}
    <div class="port-cards">
      ${listeners?.map((listener) => html`<${Port} key=${listener.name} listener=${listener} onChanged=${refresh} />`)}
    </div>
  `;
};

const bodyOf = ({ securityProfile, tls, plain, certificate, tlsFault }) => ({ securityProfile, tls, plain, certificate, tlsFault });

const Port = ({ listener, onChanged }) => {
  const [draft, setDraft] = useState(bodyOf(listener));
  const [problem, setProblem] = useState("");
  useEffect(() => setDraft(bodyOf(listener)), [JSON.stringify(listener)]);
  const set = (name) => (value) => (setDraft({ ...draft, [name]: value }), setProblem(""));
  const send = async (body, done) => {
    try {
      await put(`v1/listeners/${encodeURIComponent(listener.name)}`, body);
      setProblem("");
      notify(done, "good");
      await onChanged();
    } catch (error) {
      setProblem(error.message);
    }
  };
  const isChanged = JSON.stringify(draft) !== JSON.stringify(bodyOf(listener));
  return html`
    <form class="panel port-card" aria-label=${`Port ${listener.name}`} onSubmit=${(event) => (event.preventDefault(), send(draft, "Changed for new connections"))}>
      <div class="toolbar">
        <h2>${listener.name}</h2>
        <code>${listener.url}</code><${CopyButton} text=${listener.url}>Copy the address<//>
        <span class="spacer"></span>
        ${listener.tlsFault && html`<${Badge} kind="injected" icon="wand">TLS fault ${listener.tlsFault}<//>`}
      </div>
      <p>${portSentence(listener)}</p>
      ${listener.tls && html`<p class="muted"><${RootHint} /></p>`}
      <div class="form-row">
        <${ChoiceField} label="Security profile" value=${String(draft.securityProfile)} choices=${SECURITY_PROFILES} onChange=${(text) => set("securityProfile")(Number(text))} />
        <${ChoiceField} label="Transport" value=${transportOf(draft)} choices=${TRANSPORTS} onChange=${(value) => setDraft({ ...draft, ...TRANSPORT_KEYS[value] })} />
        <${TextField} label="Certificate" list="certificate-names" value=${draft.certificate} onChange=${set("certificate")} hint="both, rsa, ecdsa, or a name in the PKI" />
        <datalist id="certificate-names">${["both", "rsa", "ecdsa"].map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
        <${FaultFields} value=${draft.tlsFault} onChange=${set("tlsFault")} />
      </div>
      ${problem && html`<p class="form-problem" role="alert">${problem}</p>`}
      <div class="actions">
        <button type="button" onClick=${() => send({}, "The port is as at the start")}>Revert to the start</button>
        <button class="primary" disabled=${!isChanged}>Change the port</button>
      </div>
    </form>
  `;
};

const RootHint = () => {
  const folder = server.value?.pki;
  return folder
    ? html`Stations that trust the root certificate <code>${folder}/root.pem</code> can connect with TLS.`
    : html`The certificates are in memory only; start the server with <code>--tls</code> to get a root certificate for the stations.`;
};

const TRANSPORTS = [
  { value: "plain", label: "plain text (ws)" },
  { value: "mixed", label: "plain text and TLS" },
  { value: "tls", label: "TLS only (wss)" },
];
const TRANSPORT_KEYS = { plain: { tls: false, plain: true }, mixed: { tls: true, plain: true }, tls: { tls: true, plain: false } };
const transportOf = ({ tls, plain }) => (!tls ? "plain" : plain ? "mixed" : "tls");

const FAULTS = [{ value: "", label: "none" }, ...Object.entries(TLS_FAULTS).map(([kind, text]) => ({ value: kind, label: `${kind}: ${text}` }))];

const FaultFields = ({ value, onChange }) => {
  const { kind, times } = faultIn(value);
  return html`
    <${ChoiceField} label="TLS fault" value=${kind} choices=${FAULTS} onChange=${(chosen) => onChange(faultText(chosen, times))} />
    ${kind && html`<${NumberField} label="Number of connections" placeholder="all" value=${times} onChange=${(number) => onChange(faultText(kind, number))} />`}
  `;
};
