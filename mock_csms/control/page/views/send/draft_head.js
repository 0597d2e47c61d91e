// The head of a command: its purpose, its stations, the options, and the buttons.

import { urlOf } from "../../api.js";
import { copyText } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { notify } from "../../components/toasts.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { server } from "../../live.js";
import { short, visible } from "../../text.js";
import { changeOptions, connectedIds, draft, errors, isDefault, load, options, payload, reading, withTyped } from "./draft.js";
import { hindrance } from "./hindrance.js";
import { bodyOf, curlOf, isLeftOut, optionFlaws, pythonOf, recipientsOf } from "./request.js";
import { StationPicker } from "./station_picker.js";

export const DraftHead = ({ targets, onTargets, onSend }) => {
  const { action, details, failure } = draft.value;
  const recipients = recipientsOf(withTyped(targets), connectedIds());
  const reason = hindrance(withTyped(targets));
  return html`
    <section class="panel send-head" aria-labelledby="send-title">
      <div class="send-title">
        <h2 id="send-title"><bdi>${short(action, 60)}</bdi></h2>
        <span class="muted">${details?.summary}</span>
      </div>
      ${failure && html`<p class="bad-text" role="alert"><bdi>${visible(failure)}</bdi>. <button type="button" class="quiet" onClick=${() => load(action, draft.value.station, { isRenewed: true })}>Try again</button></p>`}
      <${StationPicker} targets=${targets} onChange=${onTargets} />
      <div class="toolbar send-bar">
        <button type="button" class="primary" disabled=${Boolean(reason)} title=${reason || "Ctrl+Enter"} onClick=${onSend}>
          <${Icon} name="send" /> Send${recipients.length > 1 ? ` to ${plural(recipients.length, "station")}` : ""}
        </button>
        <${Readiness} reason=${reason} />
        <span class="spacer"></span>
        <${CopyAs} targets=${withTyped(targets)} />
      </div>
      <${Options} />
    </section>
  `;
};

const Readiness = ({ reason }) => {
  const count = errors.value.length;
  if (reason) return html`<span class="muted">${reason}</span>`;
  if (count && options.value.validate) return html`<span class="bad-text">⚠ ${count === 1 ? "1 error" : `${count} errors`}</span>`;
  return html`<kbd class="send-key">Ctrl+Enter</kbd>`;
};

const CopyAs = ({ targets }) => {
  const copy = async (make) => {
    if (reading.value.error) return notify("Correct the JSON first", "bad");
    const ids = targets.length ? targets : ["CS1"];
    const isOmitted = isLeftOut(isDefault.value, ids, payload.value);
    const body = bodyOf(draft.value.action, isOmitted ? undefined : payload.value, options.value);
    const needsToken = server.value?.tokenRequired ?? false;
    if (await copyText(make(urlOf("").href, ids, body, needsToken))) notify("Copied", "good");
  };
  return html`
    <button type="button" class="quiet" onClick=${() => copy(curlOf)}><${Icon} name="copy" /> Copy curl</button>
    <button type="button" class="quiet" onClick=${() => copy(pythonOf)}><${Icon} name="copy" /> Copy Python</button>
  `;
};

const Options = () => {
  const { timeout, validate, split, atConnect, within } = options.value;
  const flaws = optionFlaws(options.value);
  const isCommand = draft.value.details?.sentBy.includes("csms") ?? false;
  const used = [timeout && `time-out ${timeout} s`, !validate && "without validation", split && validate && "in parts", atConnect && "at the next connection"].filter(Boolean);
  return html`
    <details class="send-options">
      <summary>Options${used.length ? html`<span class="muted">: ${used.join(", ")}</span>` : ""}</summary>
      <div class="send-option-grid">
        <${Seconds} label="Time-out for the answer" value=${timeout} flaw=${flaws.timeout} placeholder="that of the profile" onChange=${(text) => changeOptions({ timeout: text })} />
        <${Check} label="Validate" isOn=${validate} hint=${isCommand ? "refuse what breaks the schema; without it, anything is sent" : "OCPP has no such command, so it is sent without validation only"} onChange=${(on) => changeOptions({ validate: on })} />
        <${Check} label="Split" isOn=${split && validate} isOff=${!validate} hint="send a list that is too long for the station in parts" onChange=${(on) => changeOptions({ split: on })} />
        <${Check} label="At the next connection" isOn=${atConnect} hint="wait until the station connects, then send at once" onChange=${(on) => changeOptions({ atConnect: on })} />
        ${atConnect && html`<${Seconds} label="Wait for the connection" value=${within} flaw=${flaws.within} placeholder="60" onChange=${(text) => changeOptions({ within: text })} />`}
      </div>
    </details>
  `;
};

const Seconds = ({ label, value, flaw, placeholder, onChange }) => html`
  <label class="field">${label}, in seconds
    <input inputmode="decimal" value=${value} placeholder=${placeholder} aria-invalid=${Boolean(flaw)} onInput=${(event) => onChange(event.target.value.trim())} />
    ${flaw && html`<span class="bad-text">⚠ ${flaw}</span>`}
  </label>
`;

const Check = ({ label, isOn, isOff = false, hint, onChange }) => html`
  <label class="send-check"><input type="checkbox" checked=${isOn} disabled=${isOff} onChange=${(event) => onChange(event.target.checked)} />
    <span>${label}<span class="send-summary">${hint}</span></span></label>
`;
