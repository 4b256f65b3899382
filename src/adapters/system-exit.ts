/** Ends this process. Lines already logged are not lost, because the logger writes at once. */

import { EXIT_STATUS } from '../ports/exit.ts'
import type { Exit, ExitReason } from '../ports/exit.ts'

export class SystemExit implements Exit {
  exit(reason: ExitReason): void {
    process.exit(EXIT_STATUS[reason])
  }
}
