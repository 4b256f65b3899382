/** Ends this process. Lines already logged are not lost, because the logger writes at once. */

import { DYNO_EXIT_STATUS, EXIT_STATUS } from '../ports/exit.ts'
import type { DynoExit, DynoExitReason, Exit, ExitReason } from '../ports/exit.ts'

export class SystemExit implements Exit {
  exit(reason: ExitReason): void {
    process.exit(EXIT_STATUS[reason])
  }
}

/** The same for the supervisor, whose end is the dyno's. */
export class SystemDynoExit implements DynoExit {
  exit(reason: DynoExitReason): void {
    process.exit(DYNO_EXIT_STATUS[reason])
  }
}
