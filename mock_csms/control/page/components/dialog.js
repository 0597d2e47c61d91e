// A modal dialog; the browser keeps the focus inside, and Escape closes it.

import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "./icon.js";

const FIRST_CONTROL = ["input:not([readonly])", "select", "textarea", "button"].map((control) => `:scope > .dialog-body > :not(header) ${control}:enabled`).join();

/**
 * Shown as long as it is drawn; `onClose` must stop drawing it. Without `onClose`, the dialog cannot be closed. A click
 * beside it closes it too, unless something has been entered.
 */
export const Dialog = ({ title, onClose, wide = false, children }) => {
  const element = useRef(null);
  useEffect(() => {
    element.current.showModal();
    element.current.querySelector(FIRST_CONTROL)?.focus();
  }, []);
  const isEdited = useRef(false);
  const edited = () => {
    isEdited.current = true;
  };
  const closeOnBackdrop = (event) => !isEdited.current && isBeside(element.current, event) && onClose?.();
  const keepOpen = (event) => !onClose && event.preventDefault();
  // A browser may close it all the same when Escape is pressed again.
  const closed = () => (onClose ? onClose() : element.current?.showModal());
  return html`
    <dialog ref=${element} class=${wide ? "wide" : ""} aria-label=${title}
      onCancel=${keepOpen} onClose=${closed} onMouseDown=${closeOnBackdrop} onInput=${edited}>
      <div class="dialog-body">
        <header>
          <h2>${title}</h2>
          ${onClose && html`<button type="button" class="quiet" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>`}
        </header>
        ${children}
      </div>
    </dialog>
  `;
};

/** Whether an event at a dialog is on its backdrop, and not on its scroll bar. */
const isBeside = (dialog, { target, clientX, clientY }) => {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return target === dialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
};

/** Ask before something is deleted; `onConfirm` is called if the answer is yes. */
export const ConfirmDialog = ({ title, question, action = "Delete", onConfirm, onClose }) => html`
  <${Dialog} title=${title} onClose=${onClose}>
    <p>${question}</p>
    <div class="actions">
      <button type="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="danger" onClick=${() => (onConfirm(), onClose())}>${action}</button>
    </div>
  <//>
`;
