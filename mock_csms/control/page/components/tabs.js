// Tabs, after the pattern of the ARIA Authoring Practices Guide: arrow keys move between them.

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.js";

/** `tabs` is a list of {id, label, count?}; `children` is the content of the chosen one. */
export const Tabs = ({ label, tabs, chosen, onChoose, children }) => {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const index = tabs.findIndex(({ id }) => id === chosen);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    event.preventDefault();
    onChoose(next.id);
    event.currentTarget.querySelector(`[data-tab="${next.id}"]`).focus();
  };
  const list = useRef(null);
  useLayoutEffect(() => {
    list.current.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [chosen, tabs.map(({ count }) => count).join()]);
  return html`
    <div class="tabs" ref=${list} role="tablist" aria-label=${label} onKeyDown=${move}>
      ${tabs.map(
        (tab) => html`
          <button type="button" role="tab" key=${tab.id} id=${`tab-${tab.id}`} data-tab=${tab.id}
            aria-selected=${tab.id === chosen} aria-controls="tab-panel" tabindex=${tab.id === chosen ? 0 : -1}
            onClick=${() => onChoose(tab.id)}>
            ${tab.label}${tab.count ? html`<span class="count">${tab.count}</span>` : ""}
          </button>
        `,
      )}
    </div>
    <div id="tab-panel" role="tabpanel" tabindex="0" aria-labelledby=${`tab-${chosen}`}>${children}</div>
  `;
};
