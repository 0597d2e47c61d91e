// The settings that apply to one station, changed while the mock runs.

import { signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { get, send, stationPath } from "../../api.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { stations } from "../../live.js";
import { setParams } from "../../router.js";
import { visible } from "../../text.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { notify } from "../../components/toasts.js";
import { fetchProblem, useFetched } from "./fetched.js";
import { isGlob } from "../../glob.js";
import { groupedSettings, settingOf, shownSettings } from "./profile_form.js";
import { SettingRow } from "./setting_row.js";

const MAX_CHOICES = 24;

export const ProfileTab = ({ station }) =>
  station && !isGlob(station) ? html`<${Profile} key=${station} station=${station} />` : html`<${NoStation} station=${station} />`;

const NoStation = ({ station }) => html`
  <${Empty} icon="station" title=${station ? "A profile belongs to one station, not to a glob" : "Choose a station"}>
    <p>Type its identity above; it need not have connected yet.</p>
    <div class="station-choices">
      ${[...stations.value.keys()].slice(0, MAX_CHOICES).map((id) => html`<button type="button" key=${id} onClick=${() => setParams({ station: id })}><bdi>${visible(id)}</bdi></button>`)}
    </div>
  <//>
`;

/** Schema of the settings: names with types and descriptions for changes, and defaults. */
let settings = null; // the document is large, and does not change while the server runs

const fetchSettings = async () => (settings ??= settingsIn(await get("openapi.json")));

const settingsIn = ({ components }) => {
  const { ProfileChange, ProfileView } = components.schemas;
  return Object.fromEntries(Object.entries(ProfileChange.properties).map(([name, schema]) => [name, { ...schema, ...defaultOf(ProfileView, name) }]));
};

const defaultOf = ({ properties }, name) => ("default" in (properties[name] ?? {}) ? { default: properties[name].default } : {});

const requested = async (method, station, body) => {
  const response = await send(method, stationPath(station, "/profile"), { body });
  const changed = (response.headers.get("X-Changed") ?? "").split(",").filter(Boolean);
  return { values: await response.json(), changed };
};

/** Changes that are not saved, by station; they stay while another tab or view is shown. */
const drafts = signal({});
const NO_CHANGES = {};

const Profile = ({ station }) => {
  const { value, problem: fetchFlaw, refresh } = useFetched(() => Promise.all([fetchSettings(), requested("GET", station)]));
  const draft = drafts.value[station] ?? NO_CHANGES;
  const setDraft = (change) => (drafts.value = { ...drafts.value, [station]: change(drafts.value[station] ?? NO_CHANGES) });
  const [problem, setProblem] = useState("");
  const change = (name, next) => (setDraft((known) => ({ ...known, [name]: next })), setProblem(""));
  const save = async (changes, done) => {
    try {
      await requested("PATCH", station, changes);
      await refresh();
      setDraft((known) => Object.fromEntries(Object.entries(known).filter(([name]) => !(name in changes))));
      setProblem("");
      notify(done, "good");
    } catch (error) {
      setProblem(error.message);
    }
  };
  if (fetchFlaw) return html`<p class="form-problem" role="alert">${fetchProblem(fetchFlaw)}</p>`;
  if (!value) return html`<p class="muted">Loading the settings …</p>`;
  const [properties, profile] = value;
  return html`<${Settings} ...${{ station, properties, profile, draft, problem, change, save }} onDiscard=${() => (setDraft(() => NO_CHANGES), setProblem(""))} />`;
};

const Settings = ({ station, properties, profile, draft, problem, change, save, onDiscard }) => {
  const [text, setText] = useState("");
  const [onlyOther, setOnlyOther] = useState(false);
  const search = useRef(null);
  useKeys({ "/": () => search.current.focus() });
  const { values, changed } = profile;
  const groups = shownSettings(groupedSettings(properties), { properties, values, changed, text, onlyOther });
  const wrong = settingOf(problem, Object.keys(properties));
  const isShown = groups.some(({ names }) => names.includes(wrong));
  const edited = Object.keys(draft).length;
  return html`
    <form class="profile" aria-label="Settings of the station" onSubmit=${(event) => (event.preventDefault(), save(draft, "Changed, for this connection and later ones"))}>
      <div class="toolbar">
        <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search the settings</span>
          <input type="search" ref=${search} placeholder="Search" value=${text} onInput=${(event) => setText(event.target.value)} />
        </label>
        <label class="check"><input type="checkbox" checked=${onlyOther} onChange=${(event) => setOnlyOther(event.target.checked)} /> only those that differ from the default</label>
        <span class="spacer"></span>
        <span class="muted">${changed.length ? `${plural(changed.length, "setting")} changed here for` : "no setting changed here for"} <bdi>${visible(station)}</bdi></span>
      </div>
      ${!groups.length && html`<${Empty} icon="search" title="No setting matches" />`}
      ${groups.map(({ title, names }) => html`
        <section class="panel setting-group" key=${title}>
          <h2>${title}</h2>
          ${names.map((name) => html`
            <${SettingRow} key=${name} name=${name} schema=${properties[name]} value=${values[name]} draft=${draft[name]} isEdited=${name in draft}
              isChanged=${changed.includes(name)} flaw=${name === wrong ? problem : ""} onChange=${(value) => change(name, value)}
              onRevert=${() => save({ [name]: null }, "Reverted to the settings")} />
          `)}
        </section>
      `)}
      ${(edited > 0 || problem) && html`
        <div class="save-bar">
          ${problem && !isShown ? html`<p class="bad-text" role="alert">${problem}</p>` : html`<span>${plural(edited, "change")} not saved yet</span>`}
          <span class="spacer"></span>
          <button type="button" onClick=${onDiscard}>Discard</button>
          <button class="primary" disabled=${!edited}>Save ${plural(edited, "change")}</button>
        </div>
      `}
    </form>
  `;
};
