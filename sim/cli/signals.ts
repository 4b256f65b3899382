/** Signals and broken pipes end a lifetime in order; a second signal while that goes on is only remarked. */

import type { OutputStream } from '../report/terminal.ts'
import type { Lifetime } from './lifetime.ts'

/** Shells' convention: 128 plus the signal's number. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
/** What a shell shows for a program that wrote into a closed pipe. */
const BROKEN_PIPE_EXIT_CODE = 141

/** For the rest of this process's life. */
export function endOnSignals(lifetime: Lifetime, out: NodeJS.WriteStream, err: OutputStream): void {
  for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(signal, () => {
      if (lifetime.isInterrupted)
        err.write('still ending the workers and Postgres; this takes a few seconds\n')
      lifetime.interrupt(exitCode)
    })
  }
  // `npm run lab | head` closes the pipe early; without a listener that would end us without any release.
  out.on('error', () => lifetime.interrupt(BROKEN_PIPE_EXIT_CODE))
}
