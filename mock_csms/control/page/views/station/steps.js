// Charging schedules as stepped curves.

const EDGE_S = 0.001; // a step ends this much before the next one, because a curve has one value at a time
const AND_A_LITTLE_MORE = 1.05;
const PERIODS_S = { Daily: 86_400, Weekly: 7 * 86_400 };

/** Spans of time that can be shown, in seconds. */
export const SPANS_S = [3_600, 6 * 3_600, 86_400, 7 * 86_400];

/**
 * Steps of a schedule within a window: `[{from, to, limit}]`, ordered, in seconds since 1970 and in the schedule's unit.
 *
 * `timing` says when the schedule applies: `{start, every?, from?, to?}`, where `every` is the period of a recurring one.
 */
export const stepsOf = (schedule, timing, window) => {
  const from = Math.max(window.from, timing.from ?? -Infinity);
  const to = Math.min(window.to, timing.to ?? Infinity);
  const duration = Math.min(schedule.duration ?? Infinity, timing.every ?? Infinity);
  return startsOf(timing, from, to).flatMap((start) => clipped(relativeSteps(schedule, duration), start, from, to));
};

/** When a profile applies; a relative one begins with its transaction at `begin`. */
export const timingOf = (profile, schedule, begin) => ({
  start: profile.chargingProfileKind === "Relative" ? begin : (secondsOf(schedule.startSchedule) ?? begin),
  every: profile.chargingProfileKind === "Recurring" ? PERIODS_S[profile.recurrencyKind] : undefined,
  from: secondsOf(profile.validFrom),
  to: secondsOf(profile.validTo),
});

const startsOf = ({ start, every }, from, to) => {
  if (!every) return [start];
  const starts = [];
  for (let next = start + Math.max(0, Math.floor((from - start) / every)) * every; next < to; next += every) starts.push(next);
  return starts;
};

const relativeSteps = ({ chargingSchedulePeriod: periods }, duration) => {
  const valid = (Array.isArray(periods) ? periods : []).filter((period) => Number.isFinite(period?.startPeriod) && Number.isFinite(period.limit));
  const sorted = valid.sort((one, other) => one.startPeriod - other.startPeriod);
  return sorted.map(({ startPeriod, limit }, index) => ({
    from: startPeriod,
    to: Math.min(sorted[index + 1]?.startPeriod ?? Infinity, duration),
    limit,
  }));
};

const clipped = (steps, start, from, to) =>
  steps
    .map((step) => ({ from: Math.max(start + step.from, from), to: Math.min(start + step.to, to), limit: step.limit }))
    .filter((step) => step.from < step.to);

/** The limit of steps at a time; null without one. */
export const limitAt = (steps, time) => steps.find(({ from, to }) => from <= time && time < to)?.limit ?? null;

/** Data of a chart of a window: the times of all steps, then the limits of each list of steps at these times. */
export const chartData = (lists, window) => {
  const edges = lists.flat().flatMap(({ from, to }) => [from, to - EDGE_S, to]);
  const times = [...new Set([window.from, ...edges, window.to])].sort((one, other) => one - other);
  return [times, ...lists.map((steps) => limitsAt(steps, times))];
};

/** Limits at ordered times, in one pass. */
const limitsAt = (steps, times) => {
  let index = 0;
  return times.map((time) => {
    while (index < steps.length && steps[index].to <= time) index += 1;
    const step = steps[index];
    return step && step.from <= time ? step.limit : null;
  });
};

/** Seconds that show all changes of these schedules (pairs of a schedule and its timing) and a little more, at most a week. */
export const spanFor = (scheduled, now) => {
  const last = Math.max(now, ...scheduled.map(([schedule, timing]) => lastChange(schedule, timing, now)));
  const minutes = Math.ceil(((last - now) * AND_A_LITTLE_MORE) / 60);
  return Math.min(Math.max(minutes * 60, SPANS_S[0]), SPANS_S.at(-1));
};

const lastChange = (schedule, { start, every }, now) => {
  if (every) return now + every - 1;
  const periods = Array.isArray(schedule.chargingSchedulePeriod) ? schedule.chargingSchedulePeriod : [];
  return start + Math.max(schedule.duration ?? 0, ...periods.map((period) => period?.startPeriod ?? 0));
};

/** Seconds since 1970 of a time; undefined for none or an invalid one. */
export const secondsOf = (time) => {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1_000;
};
