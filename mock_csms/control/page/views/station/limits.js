// All limits that apply to the charging of a station, as rows of a table and curves of a chart.

import { secondsOf, timingOf } from "./steps.js";

const ORDER = ["Composite", "ChargingStationExternalConstraints", "ChargingStationMaxProfile", "TxProfile", "TxDefaultProfile", "Limit", "Vehicle"];

/**
 * Limits in the order of their weight: `{key, purpose, name, stackLevel, evseId, unit, schedule, timing, profile?}`.
 * `composites` are of `compositesOf`; `now` is in seconds since 1970.
 */
export const limitsOf = (state, composites, now) => {
  const all = [
    ...state.chargingProfiles.flatMap((set) => profileLimits(set, state.transactions, now)),
    ...state.chargingLimits.flatMap((notice) => noticeLimits(notice, now)),
    ...state.chargingSchedules.map(({ evseId, chargingSchedule }) => limit("Vehicle", "Schedule of the vehicle", evseId, chargingSchedule, now)),
    ...composites.map((schedule) => limit("Composite", "Composite schedule", schedule.evseId, composed(schedule), now)),
  ];
  return all.map((one, index) => ({ ...one, key: `${one.purpose} ${one.evseId} ${index}` })).sort(byWeight);
};

/** Limits that apply to an EVSE, which includes those of the whole station; null means all. */
export const limitsAtEvse = (limits, evseId) => (evseId === null ? limits : limits.filter((one) => !one.evseId || one.evseId === evseId));

/** The newest composite schedule that the station has returned for each EVSE and unit. */
export const compositesOf = (entries, station) => {
  const newest = new Map();
  for (const entry of entries) {
    if (entry.action !== "GetCompositeSchedule" || entry.station !== station || entry.type !== "result") continue;
    const schedule = entry.frame?.[2]?.schedule;
    if (schedule !== null && typeof schedule === "object") newest.set(`${schedule.evseId} ${schedule.chargingRateUnit}`, schedule);
  }
  return [...newest.values()];
};

const COLORS = ["--curve-1", "--curve-2", "--curve-3", "--curve-4", "--curve-5"];
const DASHES = [[], [10, 5], [4, 4], [12, 4, 3, 4]];

/**
 * Limits with a `look` each: {color, dash, fill?}. No two of the first 20 look the same, whatever they have in common,
 * and the dashes of the later ones leave those below them visible where both have the same value.
 */
export const withLooks = (limits) =>
  limits.map((one, index) => ({
    ...one,
    look: {
      color: COLORS[index % COLORS.length],
      dash: DASHES[index % DASHES.length],
      fill: index === 0 && one.purpose === "Composite" ? "--curve-1-fill" : undefined,
    },
  }));

const byWeight = (one, other) =>
  ORDER.indexOf(one.purpose) - ORDER.indexOf(other.purpose) || (other.stackLevel ?? 0) - (one.stackLevel ?? 0) || (one.evseId ?? 0) - (other.evseId ?? 0);

const profileLimits = ({ evseId, chargingProfile: profile }, transactions, now) => {
  const begin = beginOf(profile, evseId, transactions) ?? now;
  return schedulesOf(profile.chargingSchedule).map((schedule) => ({
    purpose: profile.chargingProfilePurpose,
    name: profile.chargingProfilePurpose,
    stackLevel: profile.stackLevel,
    evseId,
    unit: schedule.chargingRateUnit,
    schedule,
    timing: timingOf(profile, schedule, begin),
    profile,
  }));
};

/** Start of the transaction that a profile belongs to. */
const beginOf = (profile, evseId, transactions) => {
  const running = transactions.filter(({ ended }) => !ended);
  const own = profile.transactionId
    ? running.find(({ transactionId }) => transactionId === profile.transactionId)
    : running.findLast((transaction) => !evseId || transaction.evseId === evseId);
  return secondsOf(own?.startedAt);
};

const noticeLimits = ({ evseId, chargingLimit, chargingSchedule }, now) =>
  schedulesOf(chargingSchedule).map((schedule) => limit("Limit", `Limit by ${chargingLimit?.chargingLimitSource}`, evseId ?? 0, schedule, now));

const limit = (purpose, name, evseId, schedule, now) => ({
  purpose,
  name,
  stackLevel: null,
  evseId,
  unit: schedule.chargingRateUnit,
  schedule,
  timing: timingOf({}, schedule, now),
});

const composed = (schedule) => ({ ...schedule, startSchedule: schedule.scheduleStart });

const schedulesOf = (schedules) => (Array.isArray(schedules) ? schedules : [schedules]).filter((schedule) => schedule !== null && typeof schedule === "object");
