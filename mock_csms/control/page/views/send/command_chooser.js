// The list of commands with a search, and the list of recent commands.

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../../api.js";
import { Icon } from "../../components/icon.js";
import { Tabs } from "../../components/tabs.js";
import { attempt } from "../../components/toasts.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { setParams } from "../../router.js";
import { commandsOf, groupsOf } from "./command_list.js";
import { changeOptions } from "./draft.js";
import { RecentCommands } from "./recent_commands.js";
import { recent } from "./sending.js";

/** All commands with their summaries; fetched once. */
const commands = signal([]);

const fetchCommands = async () => {
  if (commands.value.length) return;
  const versions = await attempt(() => get("v1/actions"));
  if (versions) commands.value = commandsOf(versions);
};

export const CommandChooser = ({ chosen }) => {
  const [tab, setTab] = useState("commands");
  const [isOpen, setOpen] = useState(!chosen);
  const choose = (action) => {
    setOpen(false);
    setParams({ action });
  };
  useEffect(() => {
    fetchCommands();
  }, []);
  const tabs = [{ id: "commands", label: "Commands" }, { id: "recent", label: "Recent", count: recent.value.length }];
  return html`
    <section class=${`panel send-commands${isOpen ? " open" : ""}`} aria-label="Choose a command">
      <button type="button" class="send-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
        <${Icon} name="list" /> ${chosen ? "Choose another command" : "Choose a command"}
      </button>
      <div class="send-lists">
        <${Tabs} label="Lists of commands" tabs=${tabs} chosen=${tab} onChoose=${setTab}>
          ${tab === "commands" ? html`<${CommandSearch} chosen=${chosen} onChoose=${choose} />` : html`<${RecentCommands} onLoad=${() => setOpen(false)} />`}
        <//>
      </div>
    </section>
  `;
};

const CommandSearch = ({ chosen, onChoose }) => {
  const [search, setSearch] = useState("");
  const [active, setActive] = useState("");
  const field = useRef(null);
  useKeys({ "/": () => field.current.focus() });
  const groups = groupsOf(commands.value, search);
  const actions = groups.flatMap((group) => group.commands).map(({ action }) => action);
  const other = search.trim();
  const isOther = /^[A-Z]\w*$/.test(other) && !commands.value.some(({ action }) => action === other);
  if (isOther) actions.push(other);
  const current = actions.includes(active) ? active : actions.includes(chosen) && !search ? chosen : actions[0];
  const choose = (action) => {
    changeOptions({ validate: commands.value.some((known) => known.action === action) });
    onChoose(action);
  };
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && !event.ctrlKey && current) choose(current);
    else if (event.key === "Escape" && search) setSearch("");
    else if (step) setActive(actions[(actions.indexOf(current) + step + actions.length) % actions.length]);
    else return;
    event.preventDefault();
  };
  const option = (action, content) => html`
    <${Option} key=${action} action=${action} isChosen=${action === chosen} isCurrent=${action === current} onChoose=${choose}>${content}<//>
  `;
  return html`
    <label class="search send-search">
      <${Icon} name="search" /><span class="visually-hidden">Search for a command</span>
      <input ref=${field} role="combobox" aria-expanded="true" aria-controls="send-command-list" aria-autocomplete="list"
        aria-activedescendant=${current && optionId(current)} placeholder="Search (/)" autocomplete="off" spellcheck=${false}
        value=${search} onInput=${(event) => setSearch(event.target.value)} onKeyDown=${move} />
    </label>
    <div id="send-command-list" class="send-command-list" role="listbox" aria-label="Commands" tabindex="0"
      aria-activedescendant=${current && optionId(current)} onKeyDown=${move}>
      ${groups.map(({ name, commands: members }) => html`
        <div role="group" aria-label=${name} key=${name}>
          <div class="send-group" aria-hidden="true">${name}</div>
          ${members.map(({ action, summary }) => option(action, html`<span class="send-action">${action}</span><span class="send-summary">${summary}</span>`))}
        </div>
      `)}
      ${isOther && option(other, html`<span class="send-action"><bdi>${other}</bdi></span><span class="send-summary">any other action, sent without validation</span>`)}
    </div>
  `;
};

const optionId = (action) => `send-option-${action}`;

const Option = ({ action, isChosen, isCurrent, onChoose, children }) => {
  const element = useRef(null);
  useEffect(() => {
    if (isCurrent) element.current.scrollIntoView({ block: "nearest" });
  }, [isCurrent]);
  return html`
    <div ref=${element} id=${optionId(action)} class=${`send-option${isCurrent ? " current" : ""}`} role="option"
      aria-selected=${isChosen} onClick=${() => onChoose(action)}>${children}</div>
  `;
};
