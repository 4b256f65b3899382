/**
 * The end of this process. The caller has stopped and flushed everything before; nothing may be called
 * after it. The codes are read by whoever started the process.
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
