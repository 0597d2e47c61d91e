// The view "Behave": how the mock answers, and what it does wrong on purpose.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { go, route, setParams } from "../../router.js";
import { Icon } from "../../components/icon.js";
import { Tabs } from "../../components/tabs.js";
import { GalleryTab } from "./gallery_tab.js";
import { PortsTab } from "./ports_tab.js";
import { ProfileTab } from "./profile_tab.js";
import { ResetDialog } from "./reset_dialog.js";
import { RulesTab } from "./rules_tab.js";
import { rules, useLiveRules } from "./rules_state.js";
import { StationField } from "./station_field.js";
import { TokensTab } from "./tokens_tab.js";

const TABS = [
  { id: "rules", label: "Rules", content: RulesTab, count: () => rules.value?.length, field: "Rules for" },
  { id: "gallery", label: "Gallery", content: GalleryTab, field: "Apply to" },
  { id: "tokens", label: "Tokens", content: TokensTab },
  { id: "profile", label: "Profile", content: ProfileTab, field: "Station", placeholder: "identity", isWhole: true },
  { id: "ports", label: "Ports", content: PortsTab },
];

/** `rest` is the tab; `?station=` is the station that it is about. */
export const BehaveView = ({ rest }) => {
  const [isResetting, setResetting] = useState(false);
  useLiveRules();
  const tab = TABS.find(({ id }) => id === rest[0]) ?? TABS[0];
  const { station = "" } = route.value.params;
  const tabs = TABS.map(({ id, label, count }) => ({ id, label, count: count?.() }));
  return html`
    <div class="view behave">
      <div class="view-head">
        <h1>Behave</h1>
        <span class="spacer"></span>
        ${tab.field && html`<${StationField} label=${tab.field} value=${station} placeholder=${tab.placeholder} isWhole=${tab.isWhole} onChange=${(text) => setParams({ station: text })} />`}
        <button type="button" onClick=${() => setResetting(true)}><${Icon} name="refresh" /> Reset</button>
      </div>
      <${Tabs} label="Behaviour" tabs=${tabs} chosen=${tab.id} onChoose=${(id) => go(["behave", id], { station })}>
        <${tab.content} key=${tab.id} station=${station} />
      <//>
      ${isResetting && html`<${ResetDialog} station=${station} onClose=${() => setResetting(false)} />`}
    </div>
  `;
};
