// The curves of the transactions, kept up to date from the journal entries.

import { signal } from "@preact/signals";
import { CurveStore } from "./curve_store.js";
import { onEntries } from "./live.js";

const EVERY_MS = 250; // curves of a thousand stations grow all the time

/** Changes when a curve has grown, at most four times a second. */
export const curves = signal(0);

const store = new CurveStore();
let isWaiting = false;

onEntries.push((entries) => {
  if (!store.add(entries) || isWaiting) return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    curves.value += 1;
  }, EVERY_MS);
});

/** The curve of a transaction; see `CurveStore.of`. Read `curves.value` too, to be drawn again when it grows. */
export const curveOf = (station, transaction) => store.of(station, transaction);
