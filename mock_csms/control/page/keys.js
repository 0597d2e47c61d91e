// Keyboard shortcuts.

import { useEffect } from "preact/hooks";

const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

/** Whether a key already means something at the element, such as Space at a button. */
const isTaken = (key, element) => (key === " " || key === "Enter") && element.matches("a, button, summary, [role='tab']");

/**
 * Call functions for keys, such as {"/": focusSearch}, while a component is drawn; not while the user is typing, or
 * while a dialog is open.
 */
export const useKeys = (handlers) => {
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || isTaken(event.key, event.target) || document.querySelector("dialog[open]")) return;
      const handler = handlers[event.key];
      if (!handler) return;
      event.preventDefault();
      handler();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
};
