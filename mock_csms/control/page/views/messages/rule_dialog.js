// Shows rules that fit an exchange, to copy them for a settings file or to add them now.

import { useState } from "preact/hooks";
import { post } from "../../api.js";
import { hashOf } from "../../address.js";
import { html } from "../../html.js";
import { tomlOf } from "../../messages/rules.js";
import { CopyButton } from "../../components/buttons.js";
import { Dialog } from "../../components/dialog.js";
import { attempt } from "../../components/toasts.js";

const FORMS = {
  toml: { label: "TOML, for a settings file", textOf: tomlOf },
  json: { label: "JSON, for POST /v1/rules", textOf: (rule) => JSON.stringify(rule, null, 2) },
};

/** `choices` are those of `rulesFor`. */
export const RuleDialog = ({ choices, onClose }) => {
  const [chosen, setChosen] = useState(0);
  const [form, setForm] = useState("toml");
  const [added, setAdded] = useState("");
  const { rule } = choices[chosen];
  const text = FORMS[form].textOf(rule);
  const add = async () => {
    const { id } = (await attempt(() => post("v1/rules", rule), "The rule is added")) ?? {};
    if (id) setAdded(id);
  };
  return html`
    <${Dialog} title="Make a rule" onClose=${onClose} wide>
      <div class="toolbar">
        <label class="field">The mock is to
          <select value=${chosen} onChange=${(event) => (setChosen(Number(event.target.value)), setAdded(""))}>
            ${choices.map(({ label }, index) => html`<option key=${label} value=${index}>${label}</option>`)}
          </select>
        </label>
        <label class="field">As
          <select value=${form} onChange=${(event) => setForm(event.target.value)}>
            ${Object.entries(FORMS).map(([name, { label }]) => html`<option key=${name} value=${name}>${label}</option>`)}
          </select>
        </label>
      </div>
      <pre class="message-text" tabindex="0" aria-label="The rule">${text}</pre>
      <div class="actions">
        ${added && html`<a class="button" href=${hashOf(["behave", "rules"], { rule: added })} onClick=${onClose}>Show the rule</a>`}
        <${CopyButton} text=${text}>Copy<//>
        <button type="button" class="primary" disabled=${added !== ""} onClick=${add}>Add the rule now</button>
      </div>
    <//>
  `;
};
