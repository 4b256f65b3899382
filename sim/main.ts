/** The lab's command line: hands the process's words, streams and environment to the commands. */

import { availableParallelism } from 'node:os'
import { Lifetime } from './cli/lifetime.ts'
import { realEngine } from './cli/real-engine.ts'
import { runLab } from './cli/run-lab.ts'
import { endOnSignals } from './cli/signals.ts'
import { createTerminal } from './report/terminal.ts'

const lifetime = new Lifetime()
endOnSignals(lifetime, process.stdout, process.stderr)
const exitCode = await runLab(
  {
    engine: realEngine,
    terminal: createTerminal(process.stdout, process.stderr, process.env),
    lifetime,
    directory: process.cwd(),
    databaseUrl: process.env['DATABASE_URL'],
    cores: availableParallelism(),
  },
  process.argv.slice(2),
)
// Whatever a library still holds open must not keep a finished lab from ending.
process.exit(exitCode)
