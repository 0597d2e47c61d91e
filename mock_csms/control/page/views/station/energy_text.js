// The energy of a transaction in words.

import { energy } from "../../format.js";

/** Energy so far; without a reading of the register, it is not known. */
export const energyText = ({ meterLast, energyWh }) => (meterLast === null ? "no meter value yet" : energy(energyWh));
