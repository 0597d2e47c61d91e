// Fields of forms.

import { useEffect, useId, useState } from "preact/hooks";
import { selectOnFocus } from "../../components/select_on_focus.js";
import { html } from "../../html.js";
import { jsonOf, numberIn } from "./rule_form.js";

/** A labelled control; `control(attributes)` draws it. The hint, or what is wrong, describes it to a screen reader. */
export const Field = ({ label, hint, flaw, control }) => {
  const id = useId();
  const note = flaw || hint;
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${control({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": flaw ? "true" : undefined })}
      ${note && html`<small id=${`${id}-note`} class=${flaw ? "bad-text" : ""} role=${flaw ? "alert" : undefined}>${note}</small>`}
    </div>
  `;
};

export const TextField = ({ label, hint, flaw, value, onChange, ...others }) => html`
  <${Field} label=${label} hint=${hint} flaw=${flaw} control=${(attributes) => html`
    <input type="text" autocomplete="off" spellcheck=${false} value=${value ?? ""} onInput=${(event) => onChange(event.target.value)} ...${attributes} ...${others} />
  `} />
`;

/** A number; an empty field is undefined. */
export const NumberField = ({ onChange, value, ...others }) => html`
  <${TextField} inputmode="decimal" ...${selectOnFocus} value=${value} onChange=${(text) => onChange(numberIn(text))} ...${others} />
`;

/** `choices` is a list of {value, label}. */
export const ChoiceField = ({ label, hint, flaw, value, choices, onChange, ...others }) => html`
  <${Field} label=${label} hint=${hint} flaw=${flaw} control=${(attributes) => html`
    <select value=${value} onChange=${(event) => onChange(event.target.value)} ...${attributes} ...${others}>
      ${choices.map((choice) => html`<option key=${choice.value} value=${choice.value} selected=${choice.value === value}>${choice.label}</option>`)}
    </select>
  `} />
`;

/** A JSON value as text; `onChange` gets the value whenever the text is valid, undefined if it is empty. */
export const JsonField = ({ label, hint, flaw, value, onChange, rows = 4, placeholder }) => {
  const [text, setText] = useState(value === undefined ? "" : jsonOf(value));
  const [invalid, setInvalid] = useState("");
  useEffect(() => {
    if (JSON.stringify(parsed(text).value) === JSON.stringify(value)) return;
    setText(value === undefined ? "" : jsonOf(value));
    setInvalid("");
  }, [JSON.stringify(value)]);
  const change = (event) => {
    setText(event.target.value);
    const { value: next, error = "" } = parsed(event.target.value);
    setInvalid(error);
    if (!error) onChange(next);
  };
  return html`
    <${Field} label=${label} hint=${hint} flaw=${invalid || flaw} control=${(attributes) => html`
      <textarea class="mono" rows=${rows} spellcheck=${false} placeholder=${placeholder} value=${text} onInput=${change} ...${attributes}></textarea>
    `} />
  `;
};

const parsed = (text) => {
  if (!text.trim()) return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: `Not valid JSON: ${error.message}` };
  }
};
