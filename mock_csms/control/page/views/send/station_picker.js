// Chooses the stations that get a command: chips, with suggestions while typing.

import { useRef, useState } from "preact/hooks";
import { Icon } from "../../components/icon.js";
import { isGlob } from "../../glob.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { short, visible } from "../../text.js";
import { connectedIds, typedTarget, withTyped } from "./draft.js";
import { ALL_CONNECTED, withTarget } from "./request.js";

const MAX_SUGGESTIONS = 8;

export const StationPicker = ({ targets, onChange }) => {
  const search = typedTarget.value;
  const [active, setActive] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const field = useRef(null);
  const suggested = isOpen ? suggestions(search, targets) : [];
  const change = (ids) => {
    typedTarget.value = "";
    setActive(0);
    setOpen(false);
    onChange(ids);
  };
  const add = (id) => {
    change(withTarget(targets, id));
    field.current.focus();
  };
  const left = () => {
    setOpen(false);
    if (withTyped(targets) !== targets) change(withTyped(targets));
  };
  const removeLast = () => onChange(targets.slice(0, -1));
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey) return void (event.key === "Enter" && setOpen(false));
    if (event.key === "Backspace" && !search) return removeLast();
    if (event.key === "Escape" && isOpen) setOpen(false);
    else if (event.key === "ArrowDown") (setOpen(true), setActive((active + 1) % Math.max(1, suggested.length)));
    else if (event.key === "ArrowUp") setActive((active - 1 + suggested.length) % Math.max(1, suggested.length));
    else if (event.key === "Enter") suggested[active] !== undefined && add(suggested[active]);
    else return;
    event.preventDefault();
  };
  const isAll = targets.includes(ALL_CONNECTED);
  return html`
    <div class="send-to">
      <span class="send-label" id="send-to-label">To</span>
      <div class="send-chips">
        ${targets.map((id) => html`<${Chip} key=${id} id=${id} onRemove=${() => onChange(targets.filter((known) => known !== id))} />`)}
        <div class="send-add">
          <input ref=${field} role="combobox" aria-labelledby="send-to-label" aria-expanded=${suggested.length > 0} aria-autocomplete="list"
            aria-controls="send-stations" aria-activedescendant=${suggested.length ? `send-station-${active}` : undefined}
            placeholder=${targets.length ? "Add a station" : "Station"} autocomplete="off" spellcheck=${false} value=${search}
            onInput=${(event) => ((typedTarget.value = event.target.value), setActive(0), setOpen(true))}
            onClick=${() => setOpen(true)} onFocus=${() => setOpen(true)} onBlur=${left} onKeyDown=${pressed} />
          <ul id="send-stations" class="send-suggestions" role="listbox" aria-label="Stations" hidden=${!suggested.length}>
            ${suggested.map((id, index) => html`
              <li key=${id} id=${`send-station-${index}`} role="option" aria-selected=${index === active}
                onMouseDown=${(event) => (event.preventDefault(), add(id))}><${StationName} id=${id} /></li>
            `)}
          </ul>
        </div>
        ${!isAll && html`<button type="button" class="quiet" onClick=${() => onChange([ALL_CONNECTED])}>All connected</button>`}
      </div>
    </div>
  `;
};

const Chip = ({ id, onRemove }) => html`
  <span class="send-chip">
    <${StationName} id=${id} />
    <button type="button" class="quiet" aria-label=${`Remove ${nameOf(id)}`} onClick=${onRemove}><${Icon} name="close" /></button>
  </span>
`;

const nameOf = (id) => (id === ALL_CONNECTED ? `all ${connectedIds().length} connected stations` : visible(id));

const StationName = ({ id }) => {
  const station = stations.value.get(id);
  const state = station?.connected || (isGlob(id) && !station) ? "" : station ? "not connected" : "not known";
  return html`<bdi>${short(nameOf(id), 40)}</bdi>${state && html` <span class="muted">(${state})</span>`}`;
};

/** Stations whose identity has the text, the connected ones first, and the text itself, which may be a glob. */
const suggestions = (search, targets) => {
  const text = search.trim();
  const found = [...stations.value.values()].filter(({ id }) => id.toLowerCase().includes(text.toLowerCase()) && !targets.includes(id));
  const ids = found.sort((one, other) => other.connected - one.connected).slice(0, MAX_SUGGESTIONS).map(({ id }) => id);
  const isExact = ids.includes(text);
  if (text === "" || targets.includes(text)) return ids;
  return isExact || isGlob(text) ? [text, ...ids.filter((id) => id !== text)] : [...ids, text];
};
