#!/usr/bin/env node
/** The fake WhatsApp's command line: hands the process's words, streams and signals to `serve`. */

import { EXIT } from '../cli/exit-code.ts'
import { LabProblem, problemText } from '../cli/lab-problem.ts'
import { parseServeOptions } from './cli/options.ts'

/** Shells' convention: 128 plus the signal's number. */
const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

const stop = new AbortController()
let signalExitCode: number | undefined
for (const [signal, exitCode] of Object.entries(SIGNAL_EXIT_CODES)) {
  process.on(signal, () => {
    signalExitCode ??= exitCode
    stop.abort()
  })
}
// Baileys and libsignal write to the console, session keys included; what is ours goes to the stream itself.
const write = (text: string): void => void process.stdout.write(text)
for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
  console[name] = () => undefined

process.exitCode = await run()
// An input that stays open would keep the process.
process.stdin.destroy()

async function run(): Promise<number> {
  try {
    const options = parseServeOptions(process.argv.slice(2), write)
    if (options === undefined) return EXIT.holds
    // Loaded here because it brings in Baileys, and help or a wrong word need not wait for that.
    const { serve } = await import('./cli/serve.ts')
    const directory = process.cwd()
    return await serve(options, { directory, input: process.stdin, signal: stop.signal, write })
  } catch (error) {
    if (signalExitCode !== undefined) return signalExitCode
    if (!(error instanceof LabProblem)) throw error
    process.stderr.write(problemText({ what: error.message, where: error.where, mend: error.mend }))
    return error.exitCode
  }
}
