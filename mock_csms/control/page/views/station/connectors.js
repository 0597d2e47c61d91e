// Connectors in the order of EVSEs, with their running transactions.

/** EVSEs with their connectors: `[{evseId, connectors: [{connectorId, status, transaction}]}]`. */
export const evsesOf = ({ connectors, running }) => {
  const evses = new Map();
  for (const { evseId, connectorId, connectorStatus } of sorted(connectors)) {
    const evse = evses.get(evseId) ?? { evseId, connectors: [] };
    evses.set(evseId, evse);
    evse.connectors.push({ connectorId, status: connectorStatus, transaction: transactionOf(running, evseId, connectorId) });
  }
  return [...evses.values()];
};

const sorted = (connectors) => [...connectors].sort((one, other) => one.evseId - other.evseId || one.connectorId - other.connectorId);

const transactionOf = (running, evseId, connectorId) =>
  running.find((transaction) => transaction.evseId === evseId && (transaction.connectorId ?? connectorId) === connectorId);

const KINDS = {
  Available: { kind: "good", icon: "check" },
  Occupied: { kind: "info", icon: "plug" },
  Reserved: { kind: "warn", icon: "clock" },
  Unavailable: { kind: "idle", icon: "pause" },
  Faulted: { kind: "bad", icon: "alert" },
};

/** Colour and icon of a connector's status; a transaction that charges has the bolt. */
export const lookOf = ({ status, transaction }) => {
  if (transaction?.chargingState === "Charging") return { kind: "info", icon: "bolt" };
  return KINDS[status] ?? { kind: "idle", icon: "dot" };
};
