// The view "Send".

import { html } from "../../html.js";

export const SendView = () => html`<h1>Send</h1>`;
