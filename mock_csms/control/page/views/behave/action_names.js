// The names of the actions of OCPP, for suggestions; fetched once.

import { signal } from "@preact/signals";
import { get } from "../../api.js";

/** Names of the actions by sender. */
export const actionNames = signal({ fromStation: [], fromCsms: [] });

export const fetchActionNames = async () => {
  if (actionNames.value.fromStation.length) return;
  const versions = await get("v1/actions").catch(() => []);
  const names = (sender) => [...new Set(versions.flatMap((version) => version[sender].map(({ action }) => action)))].sort();
  actionNames.value = { fromStation: names("fromStation"), fromCsms: names("fromCsms") };
};

export const isAction = (name) => Object.values(actionNames.value).some((names) => names.includes(name));
