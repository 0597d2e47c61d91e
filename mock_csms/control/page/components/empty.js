// What to do when there is nothing to show.

import { html } from "../html.js";
import { Icon } from "./icon.js";

/** An icon, a sentence, and further content, such as a command to copy. */
export const Empty = ({ icon = "info", title, children }) => html`
  <div class="empty"><${Icon} name=${icon} /><p class="empty-title">${title}</p>${children}</div>
`;
