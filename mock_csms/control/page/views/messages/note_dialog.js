// Writes a note into the journal, such as the step of a test.

import { useState } from "preact/hooks";
import { post } from "../../api.js";
import { html } from "../../html.js";
import { stations } from "../../live.js";
import { visible } from "../../text.js";
import { Dialog } from "../../components/dialog.js";
import { attempt } from "../../components/toasts.js";

const LONGEST = 1_000; // as in POST /v1/journal/notes

export const NoteDialog = ({ station: chosen, onClose }) => {
  const [text, setText] = useState("");
  const [other, setOther] = useState(null);
  const station = other ?? chosen;
  const write = async (event) => {
    event.preventDefault();
    const note = await attempt(() => post("v1/journal/notes", { text, ...(station && { station }) }), "The note is in the journal");
    if (note) onClose();
  };
  return html`
    <${Dialog} title="Write a note" onClose=${onClose}>
      <form onSubmit=${write}>
        <label class="field">Text <input required maxlength=${LONGEST} autofocus placeholder="Step 1: plug in the cable" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
        <label class="field">About
          <select value=${station} onChange=${(event) => setOther(event.target.value)}>
            <option value="">No station in particular</option>
            ${[...stations.value.keys()].map((id) => html`<option key=${id} value=${id}>${visible(id)}</option>`)}
          </select>
        </label>
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button class="primary">Write the note</button>
        </div>
      </form>
    <//>
  `;
};
