// The part of the form of a rule that says to which messages it applies, and how often.

import { useEffect } from "preact/hooks";
import { html } from "../../html.js";
import { actionNames, fetchActionNames } from "./action_names.js";
import { ChoiceField, JsonField, NumberField, TextField } from "./fields.js";
import { flawAt } from "./flaws.js";
import { withCondition, withKey } from "./rule_form.js";
import { KnownStations } from "./station_field.js";

const DIRECTIONS = [
  { value: "call", label: "messages of stations" },
  { value: "command", label: "commands of the mock" },
  { value: "answer", label: "answers to commands" },
];

export const ConditionFields = ({ rule, flaws, onChange }) => {
  useEffect(() => void fetchActionNames(), []);
  const when = rule.when ?? {};
  const set = (name) => (value) => onChange(withCondition(rule, name, value));
  const { fromStation, fromCsms } = actionNames.value;
  const direction = when.direction ?? (fromCsms.includes(when.action) && !fromStation.includes(when.action) ? "command" : "call");
  const names = direction === "call" ? ["handshake", ...fromStation] : fromCsms;
  return html`
    <div class="form-part">
      <h3>Messages</h3>
      <div class="form-row">
        <${TextField} label="Station" flaw=${flawAt(flaws, "when.station")} list="rule-stations" placeholder="every station" value=${when.station} onChange=${(text) => set("station")(text.trim())}
          hint="an identity, or a glob such as CS*" />
        <${KnownStations} id="rule-stations" />
        <${ChoiceField} label="Applies to" flaw=${flawAt(flaws, "when.direction")} value=${direction} choices=${DIRECTIONS} onChange=${set("direction")} />
        <${TextField} label="Action" flaw=${flawAt(flaws, "when.action")} list="rule-actions" placeholder="any" value=${when.action} onChange=${(text) => set("action")(text.trim())} />
        <datalist id="rule-actions">${names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
        <${NumberField} label="Only the nth" flaw=${flawAt(flaws, "when.nth")} placeholder="every" value=${when.nth} onChange=${set("nth")} />
      </div>
      <details open=${when.payload !== undefined || when.expression !== undefined || when.state !== undefined}>
        <summary>Conditions on the content</summary>
        <div class="form-row">
          <${JsonField} label="Payload contains" flaw=${flawAt(flaws, "when.payload")} rows=${3} placeholder=${'{"eventType": "Ended"}'} value=${when.payload} onChange=${set("payload")} />
          <${TextField} label="Expression (JMESPath)" flaw=${flawAt(flaws, "when.expression")} placeholder="seqNo > \`3\`" value=${when.expression} onChange=${set("expression")} />
          <${TextField} label="Rule state" flaw=${flawAt(flaws, "when.state")} placeholder="any" value=${when.state} onChange=${set("state")} />
        </div>
      </details>
    </div>
  `;
};

export const LimitFields = ({ rule, flaws, onChange }) => {
  const set = (name) => (value) => onChange(withKey(rule, name, value));
  return html`
    <div class="form-part">
      <h3>Limits</h3>
      <div class="form-row">
        <${NumberField} label="Times per station" flaw=${flawAt(flaws, "times")} placeholder="no limit" value=${rule.times} onChange=${set("times")} />
        <${NumberField} label="Probability" flaw=${flawAt(flaws, "probability")} placeholder="1" value=${rule.probability} onChange=${set("probability")} />
        <${NumberField} label="Priority" flaw=${flawAt(flaws, "priority")} placeholder="5" value=${rule.priority} onChange=${set("priority")} />
        <${NumberField} label="Expires after seconds" flaw=${flawAt(flaws, "ttl")} placeholder="never" value=${rule.ttl} onChange=${set("ttl")} />
        <${TextField} label="Sets the rule state to" flaw=${flawAt(flaws, "set")} placeholder="unchanged" value=${rule.set} onChange=${set("set")} />
        <${TextField} label="Name of the rule" flaw=${flawAt(flaws, "id")} placeholder="chosen by the server" value=${rule.id} onChange=${set("id")} />
      </div>
    </div>
  `;
};
