// The view "Messages".

import { html } from "../../html.js";

export const MessagesView = () => html`<h1>Messages</h1>`;
