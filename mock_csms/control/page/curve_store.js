// Power and energy of transactions over time, read from the meter values that stations send.

export const MAX_CURVES = 2_000;
export const MAX_POINTS = 600; // per curve; older points are thinned out
const MAX_ID_LENGTH = 255; // a longer transactionId breaks its schema
const MAX_VALUE = 1e15;
const PHASES = new Set(["L1", "L2", "L3", "L1-N", "L2-N", "L3-N"]);
const SCALES = { W: 1, kW: 1_000, Wh: 1, kWh: 1_000 };
const POWER = "Power.Active.Import";
const ENERGY = "Energy.Active.Import.Register";

/** What `CurveStore.of` returns for an unknown transaction. */
export const NO_CURVE = Object.freeze({ time: [], powerW: [], energyWh: [] });

/** The curves of the newest transactions of all stations. */
export class CurveStore {
  #curves = new Map(); // in the order of their last change
  #atEvse = new Map(); // the running transaction of each EVSE, because MeterValues names only the EVSE

  /** Read journal entries; returns whether a curve has grown. */
  add(entries) {
    let hasGrown = false;
    for (const entry of entries) {
      if (entry.type !== "call" || entry.direction !== "received") continue;
      if (entry.action === "TransactionEvent") hasGrown = this.#addEvent(entry.station, entry.frame?.[3]) || hasGrown;
      else if (entry.action === "MeterValues") hasGrown = this.#addMeterValues(entry.station, entry.frame?.[3]) || hasGrown;
    }
    return hasGrown;
  }

  /**
   * `{time, powerW, energyWh}` of a transaction: lists of one length, ordered by the time of the station in seconds.
   * Energy counts from the start of the transaction. Without measured power, it is the mean since the reading before.
   * A value is null where the station sent none. The same object is returned until the curve changes.
   */
  of(station, transaction) {
    const curve = this.#curves.get(keyOf(station, transaction));
    if (!curve) return NO_CURVE;
    return (curve.view ??= viewOf(curve));
  }

  #addEvent(station, event) {
    const id = event?.transactionInfo?.transactionId;
    if (typeof id !== "string" || id.length > MAX_ID_LENGTH) return false;
    const key = keyOf(station, id);
    const curve = this.#curves.get(key) ?? { points: [], begin: null, place: null, hasEnded: false, view: null };
    this.#keep(key, curve);
    curve.hasEnded ||= event.eventType === "Ended";
    if (curve.hasEnded) this.#leave(key, curve);
    else if (Number.isInteger(event.evse?.id)) this.#locate(key, curve, keyOf(station, event.evse.id));
    return addMeterValues(curve, event.meterValue);
  }

  #addMeterValues(station, payload) {
    if (!Number.isInteger(payload?.evseId)) return false;
    const key = this.#atEvse.get(keyOf(station, payload.evseId));
    const curve = this.#curves.get(key);
    if (!curve) return false;
    this.#keep(key, curve);
    return addMeterValues(curve, payload.meterValue);
  }

  #locate(key, curve, place) {
    this.#leave(key, curve);
    curve.place = place;
    this.#atEvse.set(place, key);
  }

  #leave(key, curve) {
    if (this.#atEvse.get(curve.place) === key) this.#atEvse.delete(curve.place);
  }

  #keep(key, curve) {
    this.#curves.delete(key);
    this.#curves.set(key, curve);
    if (this.#curves.size <= MAX_CURVES) return;
    const [oldest, dropped] = this.#curves.entries().next().value;
    this.#leave(oldest, dropped);
    this.#curves.delete(oldest);
  }
}

/** Power at `count` even steps of the last `seconds` in which it is known, the newest last; empty without two readings. */
export const recentPower = ({ time, powerW }, count, seconds) => {
  const indexes = [...time.keys()].filter((index) => powerW[index] !== null);
  if (indexes.length < 2) return [];
  const end = time[indexes.at(-1)];
  const start = Math.max(time[indexes[0]], end - seconds);
  const values = [];
  let next = 0;
  for (let position = 0; position < count; position += 1) {
    const until = position === count - 1 ? end : start + ((end - start) * position) / (count - 1);
    while (next < indexes.length && time[indexes[next]] <= until) next += 1;
    values.push(powerW[indexes[next - 1]]);
  }
  return values;
};

/** The newest power of a curve; null if it is not known. */
export const newestPower = ({ powerW }) => powerW.findLast((value) => value !== null) ?? null;

const keyOf = (station, part) => JSON.stringify([station, part]);

const addMeterValues = (curve, meterValues) => {
  if (!Array.isArray(meterValues)) return false;
  let hasGrown = false;
  for (const meterValue of meterValues) {
    const time = secondsOf(meterValue?.timestamp);
    if (time === null || !Array.isArray(meterValue.sampledValue)) continue;
    hasGrown = addReading(curve, time, meterValue.sampledValue.filter((sample) => sample !== null && typeof sample === "object")) || hasGrown;
  }
  if (hasGrown) curve.view = null;
  return hasGrown;
};

const addReading = (curve, time, samples) => {
  // Values with the context Transaction.Begin (E01.FR.09); some stations repeat them in later events, with any time.
  const begin = totalOf(samples.filter(isBegin), ENERGY);
  const isFirst = begin !== null && curve.begin === null;
  if (isFirst) curve.begin = begin;
  const others = samples.filter((sample) => !isBegin(sample));
  const energy = totalOf(others, ENERGY) ?? (isFirst && !curve.points.length ? begin : null);
  const power = totalOf(others, POWER);
  if (energy === null && power === null) return isFirst;
  insert(curve.points, { time, energy, power });
  if (curve.points.length > MAX_POINTS) {
    curve.points = curve.points.filter((_, index) => index > MAX_POINTS / 2 || index % 2 === 0);
  }
  return true;
};

/** Add a point in the order of time; one of the same time is completed. */
const insert = (points, point) => {
  let index = points.length;
  while (index > 0 && points[index - 1].time > point.time) index -= 1;
  const same = points[index - 1];
  if (same?.time === point.time) {
    same.energy = point.energy ?? same.energy;
    same.power = point.power ?? same.power;
  } else points.splice(index, 0, point);
};

const isBegin = (sample) => sample.context === "Transaction.Begin";

/** Value of a measurand at the outlet: the total, or else the sum of the phases; null without one. */
const totalOf = (samples, measurand) => {
  let sum = null;
  for (const sample of samples) {
    if ((sample.measurand ?? ENERGY) !== measurand || (sample.location ?? "Outlet") !== "Outlet") continue;
    const value = valueOf(sample);
    if (value === null) continue;
    if (sample.phase == null) return value;
    if (PHASES.has(sample.phase)) sum = (sum ?? 0) + value;
  }
  return sum;
};

const valueOf = ({ value, unitOfMeasure: unit }) => {
  const scale = unit?.unit == null ? 1 : SCALES[unit.unit];
  const number = value * scale * 10 ** (unit?.multiplier ?? 0);
  return typeof value === "number" && Math.abs(number) <= MAX_VALUE ? number : null;
};

/** Seconds since 1970 of a time; one without a zone is in UTC. */
const secondsOf = (text) => {
  if (typeof text !== "string" || text.length > 40) return null;
  const milliseconds = Date.parse(/(Z|[+-]\d\d:\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isFinite(milliseconds) ? milliseconds / 1_000 : null;
};

const viewOf = ({ points, begin }) => {
  const start = begin ?? points.find(({ energy }) => energy !== null)?.energy ?? 0;
  const hasPower = points.some(({ power }) => power !== null);
  return {
    time: points.map(({ time }) => time),
    powerW: hasPower ? points.map(({ power }) => power) : meanPower(points),
    energyWh: points.map(({ energy }) => (energy === null ? null : energy - start)),
  };
};

const meanPower = (points) =>
  points.map(({ time, energy }, index) => {
    if (!index) return null;
    const before = points[index - 1];
    const mean = ((energy - before.energy) * 3_600) / (time - before.time);
    return mean >= 0 ? mean : null; // the register was reset
  });
