// The view "Behave".

import { html } from "../../html.js";

export const BehaveView = () => html`<h1>Behave</h1>`;
