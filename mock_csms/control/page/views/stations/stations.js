// The view "Stations".

import { html } from "../../html.js";

export const StationsView = () => html`<h1>Stations</h1>`;
