// The gallery: rules and acts that are added with one click.

import { useRef, useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { get } from "../../api.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { short } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { act } from "./acts.js";
import { useFetched } from "./fetched.js";
import { galleryRule, ruleIdOf, searched } from "./gallery.js";
import { conditionsOf, sentenceOf, usesOf } from "./rule_words.js";
import { deleteRule, rules, saveRule } from "./rules_state.js";

export const GalleryTab = ({ station }) => {
  const [text, setText] = useState("");
  const search = useRef(null);
  useKeys({ "/": () => search.current.focus() });
  const groups = searched(text, (entry) => `${entry.id} ${entry.title} ${doesOf(entry, station)} ${entry.expect}`);
  return html`
    <div class="toolbar">
      <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search the gallery</span>
        <input type="search" ref=${search} placeholder="Search" value=${text} onInput=${(event) => setText(event.target.value)} />
      </label>
      <p class="muted">Entries apply to <strong><bdi>${station ? short(station) : "all stations"}</bdi></strong> as soon as they are added.</p>
    </div>
    ${!groups.length && html`<${Empty} icon="search" title="No entry matches" />`}
    ${groups.map((group) => html`<${Group} key=${group.id} group=${group} station=${station} />`)}
  `;
};

const Group = ({ group, station }) => html`
  <section class="gallery-group" aria-labelledby=${`group-${group.id}`}>
    <h2 id=${`group-${group.id}`}>${group.title}</h2>
    ${group.about && html`<p class="muted">${group.about}</p>`}
    ${group.needsTls && html`<${TlsHint} />`}
    <ul class="cards gallery-cards">
      ${group.entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} station=${station} />`)}
    </ul>
  </section>
`;

const TlsHint = () => {
  const { value: listeners } = useFetched(() => get("v1/listeners"));
  if (!listeners || listeners.some(({ tls }) => tls)) return null;
  return html`
    <p class="tls-hint"><${Badge} kind="warn">No port accepts TLS<//>
      <span>Start the server with <code>mock-csms --tls</code>, or <a href=${hashOf(["behave", "ports"])}>turn TLS on for a port</a>.</span></p>
  `;
};

const inWords = (rule) => [sentenceOf(rule), ...conditionsOf(rule)].join(", ");
const doesOf = (entry, station) => entry.does ?? inWords(galleryRule(entry, station));

const Entry = ({ entry, station }) => {
  const added = entry.rule && rules.value?.find(({ id }) => id === ruleIdOf(entry, station));
  return html`
    <li class=${`panel gallery-card${added ? " is-added" : ""}`}>
      <h3>${entry.title}</h3>
      <p><bdi>${doesOf(entry, station)}</bdi>.</p>
      <p class="muted"><strong>A good station:</strong> ${entry.expect}</p>
      <div class="gallery-actions">
        ${added ? html`<${Added} rule=${added} title=${entry.title} />` : html`<${AddButton} entry=${entry} station=${station} />`}
      </div>
    </li>
  `;
};

const Added = ({ rule, title }) => html`
  <${Badge} kind=${rule.enabled === false ? "idle" : "injected"} icon="wand">${rule.enabled === false ? "Off" : "Active"}<//>
  <a href=${hashOf(["behave", "rules"], { rule: rule.id })}>${plural(usesOf(rule).hits, "hit")}</a>
  <span class="spacer"></span>
  <button type="button" aria-label=${`Remove: ${title}`} onClick=${() => attempt(() => deleteRule(rule.id))}><${Icon} name="close" /> Remove</button>
`;

const AddButton = ({ entry, station }) => {
  const add = () => attempt(() => saveRule(galleryRule(entry, station)));
  return entry.rule
    ? html`<button type="button" aria-label=${`Add: ${entry.title}`} onClick=${add}><${Icon} name="plus" /> Add</button>`
    : html`<button type="button" aria-label=${`${entry.act.verb}: ${entry.title}`} onClick=${() => attempt(() => act(entry.act, station))}><${Icon} name="bolt" /> ${entry.act.verb}</button>`;
};
