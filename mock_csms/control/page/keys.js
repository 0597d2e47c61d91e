// Keyboard shortcuts.

import { useEffect } from "preact/hooks";

const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

/**
 * Call functions for keys, such as {"/": focusSearch}, while a component is drawn; not while the user is typing, or
 * while a dialog is open.
 */
export const useKeys = (handlers) => {
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const handler = handlers[event.key];
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
};
