/** The command line of the Heroku simulator: one web process under Heroku's rules until Ctrl-C. */

import { createInterface } from 'node:readline'
import { InfrastructureError } from '../../infrastructure-error.ts'
import { LabProblem, problemText } from '../../cli/lab-problem.ts'
import { obey } from './cli/sim-commands.ts'
import { SIM_EXIT } from './cli/sim-exit-code.ts'
import { parseSimWords } from './cli/sim-options.ts'
import type { SimWords } from './cli/sim-options.ts'
import { HerokuSim } from './heroku-sim.ts'
import { commandOfImage } from './housing/container-check.ts'
import { formatLogLine } from './log-line.ts'
import type { WebCommand } from './web-command.ts'

async function main(): Promise<number> {
  const words = parseSimWords(process.argv.slice(2), process.env, (text) => void process.stdout.write(text))
  if (words === undefined) return SIM_EXIT.fine
  let worst: number = SIM_EXIT.fine
  const sim = new HerokuSim({
    ...words.options,
    command: await commandFor(words),
    onLine: (line) => void process.stdout.write(`${formatLogLine(line)}\n`),
    onEvent: (event) => {
      if (event.kind === 'cool-off') worst = Math.max(worst, SIM_EXIT.crashed)
      if (event.kind === 'host-failed') worst = Math.max(worst, SIM_EXIT.infrastructure)
      if (event.kind === 'ended' && event.end.cause === 'r12') worst = Math.max(worst, SIM_EXIT.exitTimeout)
    },
  })
  await sim.start()
  tellStart(sim, words)
  const wasForced = await untilTold(sim, words.forMs)
  await sim.stop()
  return wasForced() ? SIM_EXIT.interrupted : worst
}

async function commandFor({ command, options: { dyno } }: SimWords): Promise<WebCommand> {
  if (command !== undefined) return command
  if (dyno.kind === 'process') throw new Error('a process without a command')
  return commandOfImage(dyno.image)
}

function tellStart(sim: HerokuSim, { options }: SimWords): void {
  const compress = options.compress === 1 ? '' : `, calendar waits compressed ${options.compress} times`
  process.stderr.write(
    `${options.size} dyno, seed ${options.seed}${compress}: http://127.0.0.1:${sim.port}\n`,
  )
}

/** Resolves when it shall end; the answer tells whether a second signal has killed everything. */
function untilTold(sim: HerokuSim, forMs: number | undefined): Promise<() => boolean> {
  const { promise, resolve } = Promise.withResolvers<() => boolean>()
  let signals = 0
  const end = (): void => resolve(() => signals > 1)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      signals += 1
      if (signals === 1) process.stderr.write('ending the dyno in order; once more to kill it\n')
      else void sim.stopNow()
      end()
    })
  }
  // `| head` closes the pipe early.
  process.stdout.on('error', end)
  if (forMs !== undefined) setTimeout(end, forMs).unref()
  createInterface({ input: process.stdin }).on('line', (line) => {
    const answer = obey(sim, line)
    if (answer === 'quit') end()
    else if (answer !== undefined) process.stderr.write(`${answer}\n`)
  })
  return promise
}

function failed(error: unknown): number {
  if (error instanceof LabProblem) {
    process.stderr.write(problemText({ what: error.message, where: error.where, mend: error.mend }))
    return error.exitCode
  }
  if (error instanceof InfrastructureError) {
    process.stderr.write(problemText({ what: error.message, where: 'this machine', mend: error.hint }))
    return SIM_EXIT.infrastructure
  }
  throw error
}

process.exit(await main().catch(failed))
