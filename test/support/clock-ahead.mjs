// Preloaded with `node --import`: the clock of the machine of this process is ahead by CLOCK_AHEAD_MS (ms).
let ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0);
const TrueDate = Date;

globalThis.Date = class extends TrueDate {
  constructor(...args) {
    if (args.length > 0) super(...args);
    else super(TrueDate.now() + ahead);
  }

  static now() {
    return TrueDate.now() + ahead;
  }
};

/** From now on the clock is ahead by so much (ms). */
export const jumpTo = (ms) => void (ahead = ms);
