// The view "Overview".

import { html } from "../../html.js";

export const OverviewView = () => html`<h1>Overview</h1>`;
