/**
 * The end of this process. The caller has stopped and flushed everything before; nothing may be called
 * after it. The codes are read by whoever started the process: the supervisor, or the platform.
 */

/**
 * `stopped` after SIGTERM, `recycle` when the process asks for a fresh one (memory), `failed` when it
 * cannot go on (a bug, or a start that another process may do better).
 */
export type ExitReason = 'stopped' | 'recycle' | 'failed'

/** Exit status by reason. 75 is sysexits' EX_TEMPFAIL: "try again", which a recycle is. */
export const EXIT_STATUS: Readonly<Record<ExitReason, number>> = { stopped: 0, recycle: 75, failed: 1 }

export interface Exit {
  exit(reason: ExitReason): void
}

/**
 * Why the supervisor ends, and with it the dyno. `stopped`: asked to, and the bot ended in order;
 * `bot-killed`: asked to, and the bot had to be killed; `fault`: a bug of the supervisor; `system`: the
 * system can no longer start or end processes, and a new dyno can; `port`: the web port cannot be bound;
 * `config`: a setting is wrong and nobody could see that over HTTP.
 */
export type DynoExitReason = 'stopped' | 'bot-killed' | 'fault' | 'system' | 'port' | 'config'

/** 124 is what timeout(1) answers; the others are sysexits: SOFTWARE, OSERR, UNAVAILABLE, CONFIG. */
export const DYNO_EXIT_STATUS: Readonly<Record<DynoExitReason, number>> = {
  stopped: 0,
  'bot-killed': 124,
  fault: 70,
  system: 71,
  port: 69,
  config: 78,
}

export interface DynoExit {
  exit(reason: DynoExitReason): void
}
