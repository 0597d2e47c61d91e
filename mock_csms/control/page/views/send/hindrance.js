// Why the command cannot be sent yet.

import { short } from "../../text.js";
import { isAwaited, options, reading, typedTarget } from "./draft.js";
import { optionFlaws } from "./request.js";

/** The reason, or an empty text. Violations of the schema are left to the server to refuse. */
export const hindrance = (targets) => {
  if (!targets.length) return noStation(typedTarget.value.trim());
  if (isAwaited.value) return "Loading";
  if (reading.value.error) return "Correct the JSON first";
  return Object.keys(optionFlaws(options.value)).length ? "Correct the options first" : "";
};

const noStation = (typed) =>
  typed ? `No station ${short(typed, 30)} is known; press Enter in the field to use it all the same` : "Choose a station first";
