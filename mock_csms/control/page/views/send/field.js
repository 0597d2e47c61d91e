// The control of one field: a choice, a check box, a time, or a text.

import { useState } from "preact/hooks";
import { selectOnFocus } from "../../components/select_on_focus.js";
import { html } from "../../html.js";
import { short } from "../../text.js";
import { parsed, textOf, timeText } from "./form_model.js";

const HOUR_MS = 3_600_000;

export const Control = ({ id, field, isInvalid, onChange }) => {
  const control = CONTROLS[field.kind] ?? TextControl;
  const described = `${id}-errors${field.description ? ` ${id}-about` : ""}`;
  return html`<${control} field=${field} onChange=${onChange} common=${{ id, "aria-invalid": isInvalid, "aria-describedby": described, "aria-required": field.isRequired }} />`;
};

const ChoiceControl = ({ field, onChange, common }) => {
  const { value, choices } = field;
  const isKnown = choices.includes(value);
  return html`
    <select ...${common} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${!isKnown && html`<option value=${value}>${short(value, 60) || "choose one"}</option>`}
      ${choices.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}
    </select>
  `;
};

const BooleanControl = ({ field, onChange, common: { id, "aria-describedby": described } }) => html`
  <span class="send-boolean">
    <input id=${id} type="checkbox" aria-describedby=${described} checked=${field.value} onChange=${(event) => onChange(event.target.checked)} />
    <span class="mono" aria-hidden="true">${String(field.value)}</span>
  </span>
`;

/** While the field has the focus, it shows what is typed, even if another text would be the same value. */
const useTyped = (field, onChange) => {
  const [typed, setTyped] = useState(null);
  return {
    value: typed ?? textOf(field),
    onInput: (event) => {
      setTyped(event.target.value);
      onChange(parsed(field, event.target.value));
    },
    onBlur: () => setTyped(null),
  };
};

const TextControl = ({ field, onChange, common }) => {
  const typing = useTyped(field, onChange);
  if (field.kind === "any" || field.isLong) {
    const rows = Math.min(8, Math.max(1, typing.value.split("\n").length));
    return html`<textarea ...${common} ...${typing} class="mono" rows=${rows} spellcheck=${false}></textarea>`;
  }
  return html`<input ...${common} ...${typing} type="text" autocomplete="off" spellcheck=${false} />`;
};

const NumberControl = ({ field, onChange, common }) => {
  const typing = useTyped(field, onChange);
  const step = (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by || typeof field.value !== "number") return;
    event.preventDefault();
    typing.onBlur();
    const { minimum = -Infinity, maximum = Infinity } = field;
    onChange(Math.min(maximum, Math.max(minimum, field.value + by)));
  };
  return html`<input ...${common} ...${typing} ...${selectOnFocus} class="send-number" type="text" inputmode="decimal" autocomplete="off" onKeyDown=${step} />`;
};

const TimeControl = ({ field, onChange, common }) => {
  const typing = useTyped(field, onChange);
  const time = new Date(field.value);
  const addHour = () => onChange(timeText(new Date((Number.isNaN(time.getTime()) ? Date.now() : time.getTime()) + HOUR_MS)));
  return html`
    <span class="send-time">
      <input ...${common} ...${typing} type="text" autocomplete="off" spellcheck=${false} />
      <button type="button" aria-label=${`Set ${field.name} to now`} onClick=${() => onChange(timeText(new Date()))}>Now</button>
      <button type="button" aria-label=${`Add an hour to ${field.name}`} onClick=${addHour}>+1 h</button>
    </span>
  `;
};

const CONTROLS = { choice: ChoiceControl, boolean: BooleanControl, integer: NumberControl, number: NumberControl, time: TimeControl };
