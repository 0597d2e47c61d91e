// The commands in groups, and those that a search finds.

import { hasWords, wordsOf } from "../../search.js";

const GROUPS = {
  Control: ["Reset", "TriggerMessage", "ChangeAvailability", "UnlockConnector", "DataTransfer"],
  Transactions: ["RequestStartTransaction", "RequestStopTransaction", "GetTransactionStatus", "CostUpdated"],
  Variables: ["GetBaseReport", "GetReport", "GetVariables", "SetVariables"],
  Monitoring: ["GetMonitoringReport", "SetMonitoringBase", "SetMonitoringLevel", "SetVariableMonitoring", "ClearVariableMonitoring"],
  Authorization: ["ClearCache", "GetLocalListVersion", "SendLocalList", "CustomerInformation", "ReserveNow", "CancelReservation"],
  Charging: ["SetChargingProfile", "GetChargingProfiles", "ClearChargingProfile", "GetCompositeSchedule"],
  Display: ["SetDisplayMessage", "GetDisplayMessages", "ClearDisplayMessage"],
  "Firmware and logs": ["UpdateFirmware", "PublishFirmware", "UnpublishFirmware", "GetLog"],
  "Certificates and network": ["InstallCertificate", "DeleteCertificate", "GetInstalledCertificateIds", "CertificateSigned", "SetNetworkProfile"],
};

const OTHER = "Other";

/** Commands of all served OCPP versions, each once, of GET /v1/actions. */
export const commandsOf = (versions) => {
  const commands = new Map(versions.flatMap(({ fromCsms }) => fromCsms.map((command) => [command.action, command])));
  return [...commands.values()];
};

/** Groups [{name, commands}] of the commands that have all words of a search in their name or summary. */
export const groupsOf = (commands, search = "") => {
  const words = wordsOf(search);
  const found = commands.filter(({ action, summary }) => hasWords(words, action, summary));
  const byGroup = new Map([...Object.keys(GROUPS), OTHER].map((name) => [name, []]));
  for (const command of best(found, words)) byGroup.get(groupOf(command.action)).push(command);
  return [...byGroup].map(([name, members]) => ({ name, commands: members })).filter((group) => group.commands.length);
};

/** Those whose name has the words come before those whose summary has. */
const best = (commands, words) => {
  const isNamed = ({ action }) => hasWords(words, action);
  const place = ({ action }) => Object.values(GROUPS).flat().indexOf(action);
  return commands.toSorted((one, other) => isNamed(other) - isNamed(one) || place(one) - place(other));
};

const groupOf = (action) => Object.keys(GROUPS).find((name) => GROUPS[name].includes(action)) ?? OTHER;
