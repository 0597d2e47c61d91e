// The view "Stations": the list, or one station.

import { html } from "../../html.js";
import { StationView } from "../station/station.js";
import { StationList } from "./list.js";

export const StationsView = ({ rest: [id] }) => (id ? html`<${StationView} key=${id} id=${id} />` : html`<${StationList} />`);
