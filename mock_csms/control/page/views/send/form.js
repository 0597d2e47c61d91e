// The form of a payload: its fields, nested as in the schema.

import { useMemo } from "preact/hooks";
import { Icon } from "../../components/icon.js";
import { html } from "../../html.js";
import { short, visible } from "../../text.js";
import { draft, editPayload, errors, focusedPath, isDefault, load, payload, reading } from "./draft.js";
import { Control } from "./field.js";
import { emptyOf, errorsAt, formOf, withValue, without } from "./form_model.js";
import { isLeftOut } from "./request.js";

export const PayloadForm = ({ targets }) => {
  const { action, station, details, isLoading } = draft.value;
  const form = useMemo(() => details && formOf(details.request, payload.value), [details, payload.value]);
  if (!details) return isLoading ? null : html`<${UnknownAction} />`;
  const renew = () => load(action, station, { isRenewed: true });
  return html`
    <section class="panel send-form" aria-labelledby="send-form-title">
      <div class="send-form-head">
        <h3 id="send-form-title">Payload</h3>
        <span class="muted"><${Origin} targets=${targets} /></span>
        <span class="spacer"></span>
        <button type="button" class="quiet" onClick=${renew}><${Icon} name="refresh" /> Default payload</button>
      </div>
      ${details.noDefault && html`<p class="send-note"><${Icon} name="info" /><span>There is no default payload now: <bdi>${visible(details.noDefault)}</bdi>. Fill in the fields, or press “Default payload” once this reason no longer applies.</span></p>`}
      ${reading.value.error && html`<p class="send-note"><${Icon} name="alert" /><span>The JSON has an error; the form shows the last valid JSON.</span></p>`}
      <${Members} field=${form} />
      ${form.kind === "any" && html`<p class="bad-text">⚠ The payload must be an object { }</p>`}
      ${form.kind === "object" && !form.fields.length && !form.absent.length && html`<p class="muted">This command has no fields.</p>`}
    </section>
  `;
};

/** Where the payload comes from. */
const Origin = ({ targets }) => {
  if (!isDefault.value) return draft.value.isEdited ? "edited" : "";
  const { knownStation } = draft.value;
  const whose = knownStation ? html`<bdi>${short(knownStation, 30)}</bdi>` : "a new station";
  if (targets.length && isLeftOut(true, targets, {})) return html`the default for ${whose}; each station gets its own`;
  return html`the default for ${whose}`;
};

const UnknownAction = () => html`
  <section class="panel send-form"><p class="muted">OCPP has no such action, so there is no form. Write its payload as JSON; it is sent without validation.</p></section>
`;

const change = (field, value) => editPayload(withValue(payload.value, field.path, value));
const remove = (field) => editPayload(without(payload.value, field.path));

const idOf = ({ path }) => `field-${path.map(encodeURIComponent).join(".")}`;

/** The fields of an object, and buttons that add the absent ones. */
const Members = ({ field }) => html`
  ${(field.fields ?? []).map((member) => html`<${Member} key=${member.name} field=${member} isRemovable=${!member.isRequired} />`)}
  ${field.absent?.length > 0 && html`<${Absent} field=${field} />`}
`;

const Absent = ({ field }) => {
  const add = ({ name, node }) => {
    const path = [...field.path, name];
    editPayload(withValue(payload.value, path, emptyOf(draft.value.details.request, node)));
    focusSoon(idOf({ path }));
  };
  return html`
    <div class="send-absent" role="group" aria-label=${`Fields to add${field.name === undefined ? "" : ` to ${field.name}`}`}>
      ${field.absent.map((absent) => html`
        <button type="button" key=${absent.name} class=${absent.isRequired ? "danger" : ""} title=${absent.description} onClick=${() => add(absent)}>
          <${Icon} name="plus" /> <span class="visually-hidden">Add </span>${absent.name}${absent.isRequired ? " is missing" : ""}
        </button>
      `)}
    </div>
  `;
};

/** Focus the first control of a field once it is drawn. */
const focusSoon = (id) => requestAnimationFrame(() => {
  const element = document.getElementById(id);
  (element?.matches("fieldset") ? element.querySelector("input, select, textarea, button") : element)?.focus();
});

const Member = ({ field, isRemovable, label = field.name }) => {
  const isNested = field.kind === "object" || field.kind === "list";
  return isNested
    ? html`<${Nested} field=${field} isRemovable=${isRemovable} label=${label} />`
    : html`<${Leaf} field=${field} isRemovable=${isRemovable} label=${label} />`;
};

const Leaf = ({ field, isRemovable, label }) => {
  const id = idOf(field);
  const found = errorsAt(errors.value, field.path);
  return html`
    <div class=${`send-field${isShort(field) ? " short" : ""}${found.length ? " invalid" : ""}`} onFocusIn=${() => (focusedPath.value = field.path)} onFocusOut=${() => (focusedPath.value = null)}>
      <div class="send-field-head">
        <label for=${id}><bdi>${breakable(short(label, 60))}</bdi></label>
        <${Necessity} field=${field} />
        <${Limits} field=${field} />
        ${isRemovable && html`<${Remove} label=${label} onRemove=${() => remove(field)} />`}
      </div>
      <${Control} id=${id} field=${field} isInvalid=${found.length > 0} onChange=${(value) => change(field, value)} />
      <${Errors} id=${id} errors=${found} />
      ${field.description && html`<p class="send-description" id=${`${id}-about`} title=${field.description}>${field.description}</p>`}
    </div>
  `;
};

/** A name that may be broken before its capital letters. */
const breakable = (name) => name.split(/(?=[A-Z])/).map((word) => html`<wbr />${word}`);

/** Whether a field has space beside another one. */
const isShort = ({ kind, isLong }) => !isLong && kind !== "time" && kind !== "any";

const Necessity = ({ field }) => {
  if (typeof field.name === "number") return null;
  if (field.isUnknown) return html`<span class="send-necessity">not in the schema</span>`;
  return html`<span class=${`send-necessity${field.isRequired ? " required" : ""}`}>${field.isRequired ? "required" : "optional"}</span>`;
};

const Limits = ({ field }) => html`<span class="send-limits">${limitsOf(field)}</span>`;

const limitsOf = ({ kind, value, maxLength, minimum, maximum, maxItems, items }) => {
  if (kind === "text" && maxLength !== Infinity) return `${[...value].length} of ${maxLength}`;
  if (kind === "list" && maxItems !== Infinity) return `${items.length} of ${maxItems}`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${minimum} or more`;
  return maximum === undefined ? "" : `${maximum} or less`;
};

const Remove = ({ label, onRemove }) => html`
  <button type="button" class="quiet send-remove" aria-label=${`Remove ${label}`} title="Remove" onClick=${onRemove}><${Icon} name="close" /></button>
`;

const Errors = ({ id, errors: found }) => html`
  <div id=${`${id}-errors`} class="bad-text">${found.map(({ text }) => html`<div key=${text}>⚠ ${text}</div>`)}</div>
`;

/** An object or a list. */
const Nested = ({ field, isRemovable, label }) => {
  const found = errorsAt(errors.value, field.path);
  return html`
    <fieldset id=${idOf(field)} class="send-nested">
      <legend><bdi>${short(label, 60)}</bdi> <${Necessity} field=${field} /> <${Limits} field=${field} />
        ${isRemovable && html`<${Remove} label=${label} onRemove=${() => remove(field)} />`}</legend>
      <${Errors} id=${idOf(field)} errors=${found} />
      ${field.kind === "object" ? html`<${Members} field=${field} />` : html`<${Items} field=${field} label=${label} />`}
    </fieldset>
  `;
};

const Items = ({ field, label }) => {
  const add = () => {
    const path = [...field.path, field.items.length];
    change({ path }, emptyOf(draft.value.details.request, field.itemNode));
    focusSoon(idOf({ path }));
  };
  return html`
    ${field.items.map((item, index) => html`<${Member} key=${index} field=${item} label=${`${label} ${index + 1}`} isRemovable=${true} />`)}
    ${field.items.length < field.maxItems && html`
      <div class="send-absent"><button type="button" onClick=${add}><${Icon} name="plus" /> Add an item<span class="visually-hidden"> to ${label}</span></button></div>
    `}
  `;
};
