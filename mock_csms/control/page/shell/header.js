// The bar at the top: name of the product, state of the connection, and settings of the page.

import { html } from "../html.js";
import { server } from "../live.js";
import { isDark, toggleTheme } from "../theme.js";
import { Icon } from "../components/icon.js";
import { LinkState } from "./link_state.js";

export const Header = ({ onShortcuts }) => html`
  <header class="bar">
    <a class="brand" href="#/stations"><img src="icon.svg" alt="" width="24" height="24" /><strong>OCPP2 Mock Server</strong></a>
    <span class="version">${server.value?.version}</span>
    <${LinkState} />
    <span class="spacer"></span>
    <a class="quiet button docs-link" href="../docs">API</a>
    <button type="button" class="quiet shortcuts-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick=${onShortcuts}>
      <${Icon} name="keyboard" />
    </button>
    <button type="button" class="quiet" aria-label=${isDark() ? "Light colours" : "Dark colours"} onClick=${toggleTheme}>
      <${Icon} name=${isDark() ? "sun" : "moon"} />
    </button>
  </header>
`;
