// The page: its frame, and the view that the address names.

import { render } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { needsToken } from "./api.js";
import { html } from "./html.js";
import { useKeys } from "./keys.js";
import { start } from "./live.js";
import { go, route } from "./router.js";
import { Toasts } from "./components/toasts.js";
import { Header } from "./shell/header.js";
import { LostBanner } from "./shell/link_state.js";
import { Navigation, VIEWS } from "./shell/navigation.js";
import { PromptBanner } from "./views/certify/prompt.js";
import { openPrompt } from "./views/certify/run.js";
import { run } from "./views/certify/run_state.js";
import { ShortcutsDialog } from "./shell/shortcuts.js";
import { TokenDialog } from "./shell/token_dialog.js";

const App = () => {
  const [showsShortcuts, setShowsShortcuts] = useState(false);
  useKeys({
    "?": () => setShowsShortcuts(true),
    ...Object.fromEntries(VIEWS.map(({ id }, index) => [String(index + 1), () => go([id])])),
  });
  const { parts } = route.value;
  const view = VIEWS.find(({ id }) => id === parts[0]) ?? VIEWS[0];
  document.title = `${openPrompt(run.value) ? "● " : ""}${view.label} · OCPP2 Mock Server`;
  return html`
    <a class="skip" href="#main" onClick=${focusMain}>Skip to the content</a>
    <${Header} onShortcuts=${() => setShowsShortcuts(true)} />
    <${LostBanner} />
    ${view.id !== "certify" && html`<${PromptBanner} />`}
    <div class="columns">
      <${Navigation} chosen=${view.id} />
      <main id="main" tabindex="-1"><${Boundary} key=${view.id}><${view.component} rest=${parts.slice(1)} /><//></main>
    </div>
    ${needsToken.value && html`<${TokenDialog} />`}
    ${showsShortcuts && html`<${ShortcutsDialog} onClose=${() => setShowsShortcuts(false)} />`}
    <${Toasts} />
  `;
};

const focusMain = (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
};

/** Keeps the rest of the page usable if a view fails. */
const Boundary = ({ children }) => {
  const [error, reset] = useErrorBoundary((failure) => console.error(failure));
  useEffect(() => {
    if (error) reset(); // another address may show something else
  }, [route.value]);
  if (!error) return children;
  return html`
    <div class="panel" role="alert">
      <h2>This view has failed</h2>
      <p>${error.message}</p>
      <button type="button" onClick=${reset}>Try again</button>
    </div>
  `;
};

render(html`<${App} />`, document.getElementById("app"));
start();
