/** What the simulator's exit code says; the worst that was seen wins. */

export const SIM_EXIT = {
  /** Ended on request, and nothing went wrong on the way. */
  fine: 0,
  /** The dyno crashed at least once: R10, R15, or its process ended by itself. */
  crashed: 1,
  usage: 2,
  /** R12: it did not end within 30 s of SIGTERM. */
  exitTimeout: 4,
  /** The machine: port taken, no /proc. */
  infrastructure: 5,
  notExecutable: 126,
  notFound: 127,
  /** A second Ctrl-C: everything was killed. */
  interrupted: 130,
} as const
