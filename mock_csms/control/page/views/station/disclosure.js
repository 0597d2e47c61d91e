// A part that can be opened; its content is made only while it is open.

import { useState } from "preact/hooks";
import { html } from "../../html.js";

/** `children` is a function that makes the content. */
export const Disclosure = ({ summary, isOpenAtFirst = false, class: classes, children }) => {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  return html`
    <details class=${classes} open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>${summary}</summary>
      ${isOpen && children()}
    </details>
  `;
};
