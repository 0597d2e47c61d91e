// A dialog that reads and sets one variable.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { Dialog } from "../../components/dialog.js";
import { SendButton } from "./send_button.js";
import { Text } from "./text.js";

export const VariableDialog = ({ state, known, onClose }) => {
  const current = state.deviceModel[known.key];
  const types = Object.keys(current?.attributes ?? {});
  const [type, setType] = useState(types[0] ?? "Actual");
  const [value, setValue] = useState(current?.attributes[type] ?? "");
  const { component, variable, facts } = known;
  const place = { component, variable, attributeType: type };
  const send = { id: state.id, isConnected: state.connected };
  return html`
    <${Dialog} title="Read or set a variable" onClose=${onClose}>
      <p><strong><${Text} value=${component.name} limit=${60} /></strong> / <strong><${Text} value=${known.name} limit=${100} /></strong></p>
      <p>Known value: <code><${Text} value=${current?.attributes[type]} limit=${300} /></code></p>
      ${types.length > 1 && html`
        <label class="field">Attribute
          <select value=${type} onChange=${(event) => setType(event.target.value)}>${types.map((one) => html`<option key=${one}>${one}</option>`)}</select>
        </label>
      `}
      <label class="field">New value
        <input value=${value} list="variable-values" onInput=${(event) => setValue(event.target.value)} />
      </label>
      <datalist id="variable-values">${choicesOf(facts).map((choice) => html`<option key=${choice} value=${choice} />`)}</datalist>
      <div class="actions">
        <${SendButton} ...${send} action="GetVariables" payload=${{ getVariableData: [place] }}>Read<//>
        <${SendButton} ...${send} action="SetVariables" isComplete payload=${{ setVariableData: [{ ...place, attributeValue: value }] }}>Set<//>
      </div>
    <//>
  `;
};

const choicesOf = (facts) => (facts?.dataType === "boolean" ? ["true", "false"] : (facts?.values ?? []).slice(0, 100));
