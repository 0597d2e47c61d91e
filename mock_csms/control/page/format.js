// Numbers and times in words.

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const COUNT = new Intl.NumberFormat("en");

/** Time of day, in the time zone of the browser: "14:03:07.120"; empty for an invalid time, as a station may send it. */
export const clock = (time) => formatted(TIME, time);

/** Date and time of day; empty for an invalid time. */
export const dateTime = (time) => formatted(DAY, time);

/** Time of day in seconds if it is today, date and time of day otherwise; empty for an invalid time. */
export const timeOrDate = (time, now = Date.now()) =>
  new Date(time).toDateString() === new Date(now).toDateString() ? clock(time).slice(0, 8) : dateTime(time);

const formatted = (format, time) => {
  const date = new Date(time);
  return time && !Number.isNaN(date.valueOf()) ? format.format(date) : "";
};

/** Time since then: "12 s", "4 min", "3 h", "2 d". */
export const ago = (time, now = Date.now()) => (time ? span((now - new Date(time)) / 1000) : "");

/** Duration: "12 s", "4 min", "3 h", "2 d"; empty for one between invalid times, as a station may send them. */
export const span = (seconds) => {
  if (Number.isNaN(seconds)) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} d`;
};

/** Duration of an exchange: "0.2 ms", "35 ms", "1.20 s". */
export const latency = (seconds) => {
  if (seconds == null) return "";
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  const milliseconds = seconds * 1000;
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;
};

/** Energy: "640 Wh", "12.40 kWh". */
export const energy = (wh) => (Math.abs(wh) < 1000 ? `${Math.round(wh)} Wh` : `${(wh / 1000).toFixed(2)} kWh`);

/** Power: "850 W", "11.0 kW". */
export const power = (watts) => (Math.abs(watts) < 1000 ? `${Math.round(watts)} W` : `${(watts / 1000).toFixed(1)} kW`);

/** Whole number with separators: "10,000". */
export const count = (number) => COUNT.format(number);

/** A part of a whole: "2/3"; "3" if it is the whole, empty for none. Numbers above 999 are "999+". */
export const shareText = (part, whole) => {
  if (!whole) return "";
  return part === whole ? capped(whole) : `${capped(part)}/${capped(whole)}`;
};

const capped = (number) => (number > 999 ? "999+" : String(number));

/** Size: "820 B", "1.5 KiB", "16 MiB". */
export const bytes = (size) => {
  if (size < 1024) return `${size} B`;
  const [value, unit] = size < 1024 ** 2 ? [size / 1024, "KiB"] : [size / 1024 ** 2, "MiB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
};

/** "1 finding", "3 findings"; `nouns` is a plural that does not end with an s alone. */
export const plural = (number, noun, nouns = `${noun}s`) => `${count(number)} ${number === 1 ? noun : nouns}`;
