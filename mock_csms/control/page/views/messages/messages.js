// The view "Messages".

import { html } from "../../html.js";
import { record, recorded } from "../../live.js";
import { MessageRow } from "../../messages/row.js";
import { VirtualList } from "../../components/virtual_list.js";

const ROW_HEIGHT = 42;

export const MessagesView = () => {
  recorded.value;
  const { entries } = record;
  const row = (index, style) => {
    const entry = entries[index];
    return html`<${MessageRow} key=${entry.number} entry=${entry} findings=${record.findingsAbout(entry.number)} style=${style} role="listitem" />`;
  };
  return html`
    <div class="view">
      <div class="view-head"><h1>Messages</h1></div>
      <${VirtualList} count=${entries.length} rowHeight=${ROW_HEIGHT} row=${row} follow label="Messages" />
    </div>
  `;
};
