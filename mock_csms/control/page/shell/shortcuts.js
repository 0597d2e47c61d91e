// The list of keyboard shortcuts.

import { html } from "../html.js";
import { Dialog } from "../components/dialog.js";

const SHORTCUTS = [
  ["1 – 7", "choose a view"],
  ["/", "search or filter"],
  ["j, k or ↓, ↑", "next or previous row of a list"],
  ["Enter", "open the row"],
  ["Space", "pause or resume the messages"],
  ["Ctrl+Enter", "send the command"],
  ["n", "add a rule or a token"],
  ["d, c", "answer a prompt of the rehearsal: done, cannot"],
  ["Esc", "close the details or a dialog"],
  ["?", "this list"],
];

export const ShortcutsDialog = ({ onClose }) => html`
  <${Dialog} title="Keyboard shortcuts" onClose=${onClose}>
    <dl class="shortcuts">${SHORTCUTS.map(([keys, effect]) => html`<dt key=${keys}><kbd>${keys}</kbd></dt><dd>${effect}</dd>`)}</dl>
  <//>
`;
