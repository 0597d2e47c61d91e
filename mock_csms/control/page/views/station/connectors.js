// Connectors in the order of EVSEs, with their running transactions.

/** EVSEs with their connectors: `[{evseId, connectors: [{connectorId, status, transaction, isStale}]}]`; `isStale` says that the station is gone. */
export const evsesOf = ({ connected, connectors, running }) => {
  const evses = new Map();
  for (const { evseId, connectorId, connectorStatus } of sorted(connectors)) {
    const evse = evses.get(evseId) ?? { evseId, connectors: [] };
    evses.set(evseId, evse);
    evse.connectors.push({ connectorId, status: connectorStatus, transaction: transactionOf(running, evseId, connectorId), isStale: !connected });
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

/** Colour and icon of a connector's status; a transaction that charges has the bolt, and a stale status no colour. */
export const lookOf = ({ status, transaction, isStale = false }) => {
  const look = transaction?.chargingState === "Charging" ? { kind: "info", icon: "bolt" } : (KINDS[status] ?? { kind: "idle", icon: "dot" });
  return isStale ? { ...look, kind: "idle" } : look;
};
