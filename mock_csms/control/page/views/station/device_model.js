// The part "Device model": components and variables as a tree that can be searched.

import { useMemo, useRef, useState } from "preact/hooks";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { route, setParams } from "../../router.js";
import { short } from "../../text.js";
import { CopyButton } from "../../components/buttons.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { Disclosure } from "./disclosure.js";
import { SendButton } from "./send_button.js";
import { Text } from "./text.js";
import { characteristicsOf, searched, sizeOf, treeOf } from "./tree.js";
import { VariableDialog } from "./variable_dialog.js";

const MAX_FOUND = 150;
const MAX_OPEN = 400; // variables that "Open all" may draw at once
const MAX_ROWS = 100; // variables of an EVSE or connector that are drawn at first

export const DeviceModelTab = ({ state }) => {
  const [isOpen, setOpen] = useState(false);
  const [edited, setEdited] = useState(null);
  const { search = "" } = route.value.params;
  const tree = useMemo(() => treeOf(state.deviceModel, characteristicsOf(state.reports)), [state]);
  if (!tree.length) return html`<${Unknown} state=${state} />`;
  const found = search ? searched(tree, search, MAX_FOUND) : tree;
  return html`
    <div class="station-parts">
      <${Tools} state=${state} search=${search} canOpen=${!search && sizeOf(tree) <= MAX_OPEN} isOpen=${isOpen} onOpen=${() => setOpen(!isOpen)} />
      <p class="muted" aria-live="polite">${countOf(tree, found, search)}</p>
      <div class="tree" hidden=${!found.length}>
        ${found.map((component) => html`
          <${Disclosure} key=${`${component.name} ${search !== ""} ${isOpen}`} class="component" isOpenAtFirst=${isOpen || search !== ""}
            summary=${html`<h2><${Text} value=${component.name} limit=${60} /></h2><span class="count">${component.count}</span>`}>
            ${() => component.places.map((place) => html`<${Place} key=${place.label} place=${place} onEdit=${setEdited} />`)}
          <//>
        `)}
      </div>
      ${edited && html`<${VariableDialog} state=${state} known=${edited} onClose=${() => setEdited(null)} />`}
    </div>
  `;
};

const countOf = (tree, found, search) => {
  if (!search) return `${plural(sizeOf(tree), "variable")} of ${plural(tree.length, "component")}`;
  const size = sizeOf(found);
  if (size >= MAX_FOUND) return `The first ${MAX_FOUND} variables that match; add a word to find fewer`;
  return size ? `${plural(size, "variable")} of ${sizeOf(tree)}` : "No variable matches. Search for parts of names or values, such as “interval”.";
};

const Report = ({ state }) => html`
  <${SendButton} id=${state.id} action="GetBaseReport" isConnected=${state.connected}>GetBaseReport FullInventory<//>
`;

const Unknown = ({ state }) => html`
  <${Empty} icon="list" title="No variable is known yet">
    <p>The station reports its components and variables after a GetBaseReport.</p>
    <${Report} state=${state} />
  <//>
`;

const Tools = ({ state, search, canOpen, isOpen, onOpen }) => {
  const input = useRef(null);
  useKeys({ "/": () => input.current.focus() });
  return html`
    <div class="toolbar">
      <label class="search">
        <${Icon} name="search" />
        <span class="visually-hidden">Search variables</span>
        <input ref=${input} type="search" placeholder="Name or value" value=${search} onInput=${(event) => setParams({ search: event.target.value })} />
      </label>
      ${canOpen && html`<button type="button" onClick=${onOpen}>${isOpen ? "Close all" : "Open all"}</button>`}
      <span class="spacer"></span>
      <${CopyButton} text=${() => JSON.stringify(state.deviceModel, null, 2)}>Copy as JSON<//>
      <${Report} state=${state} />
    </div>
  `;
};

const Place = ({ place, onEdit }) => {
  const [limit, setLimit] = useState(MAX_ROWS);
  const { label, variables } = place;
  return html`
    ${label && html`<h3>${label}</h3>`}
    <table class="variables">
      <thead class="visually-hidden"><tr><th>Variable</th><th>Value</th><th>Type</th><th>Change</th></tr></thead>
      <tbody>${variables.slice(0, limit).map((variable) => html`<${Variable} key=${variable.key} known=${variable} onEdit=${onEdit} />`)}</tbody>
    </table>
    ${variables.length > limit && html`<button type="button" class="quiet" onClick=${() => setLimit(limit + 1_000)}>Show more of ${variables.length}</button>`}
  `;
};

const Variable = ({ known, onEdit }) => html`
  <tr>
    <td class="name"><${Text} value=${known.name} limit=${100} /></td>
    <td class="values">${known.attributes.map(([type, value]) => html`<${Value} key=${type} type=${type} value=${value} unit=${known.facts?.unit} />`)}</td>
    <td class="type muted">${known.facts && html`<${Text} value=${typeOf(known.facts)} limit=${60} />`}</td>
    <td class="change">
      <button type="button" class="quiet" aria-label=${`Read or set ${short(known.name)}`} title="Read or set" onClick=${() => onEdit(known)}><${Icon} name="edit" /></button>
    </td>
  </tr>
`;

const Value = ({ type, value, unit }) => html`
  <div class="value">
    ${type !== "Actual" && html`<span class="muted">${type}</span> `}
    ${value === null ? html`<em class="muted">not revealed</em>` : html`<code><${Text} value=${value === "" ? '""' : value} limit=${200} /></code>`}
    ${unit && value !== null && html` <span class="muted"><${Text} value=${unit} limit=${20} /></span>`}
  </div>
`;

const typeOf = ({ dataType, mutability }) => [dataType, mutability === "ReadOnly" && "read-only", mutability === "WriteOnly" && "write-only"].filter(Boolean).join(", ");
