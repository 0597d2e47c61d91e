// The view "Findings".

import { html } from "../../html.js";

export const FindingsView = () => html`<h1>Findings</h1>`;
