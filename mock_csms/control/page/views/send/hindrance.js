// Why the command cannot be sent yet.

import { draft, options, reading } from "./draft.js";
import { optionFlaws } from "./request.js";

/** The reason, or an empty text. Violations of the schema are left to the server to refuse. */
export const hindrance = (targets) => {
  if (!targets.length) return "Choose a station first";
  if (draft.value.isLoading && !draft.value.text) return "Loading";
  if (reading.value.error) return "Correct the JSON first";
  return Object.keys(optionFlaws(options.value)).length ? "Correct the options first" : "";
};
