// The view "Stations".

import { html } from "../../html.js";
import { StationView } from "../station/station.js";

export const StationsView = ({ rest: [id] }) => (id ? html`<${StationView} key=${id} id=${id} />` : html`<h1>Stations</h1>`);
