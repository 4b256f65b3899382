/** The proxy's command line: stands before a server until Ctrl-C; lines on stdin inject and lift faults. */

import { createInterface } from 'node:readline'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { errorMessageOf } from '../../../src/errors.ts'
import { LabProblem, problemText } from '../../cli/lab-problem.ts'
import { FAULT_HELP, parseFault } from './fault-words.ts'
import { FaultProxy } from './fault-proxy.ts'
import type { FaultHandle } from './proxy-fault.ts'

const EXIT = { fine: 0, usage: 2, infrastructure: 5 } as const
const NAME = 'npm run fault-proxy --'

interface RawOptions {
  to: string
  port: number
  passTls?: true
  fault: string[]
}

const AFTER_HELP = `
Faults (as --fault '…', or as a line on stdin):
  ${FAULT_HELP.replaceAll('\n', '\n  ')}
Other lines: status, lift (all of them), failover <url>, quit.

Exit codes: 0 ended, 2 wrong usage, 5 the port is taken.

Example: ${NAME} --to postgres://user:secret@127.0.0.1:5432/db --port 6432 --fault 'latency 100 50'`

function readWords(): RawOptions | undefined {
  const program = new Command(NAME)
    .description('A Postgres server, with the faults of networks and failovers before it.')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, getOutHelpWidth: () => 110 })
    .requiredOption('--to <url>', 'the server', postgresUrl)
    .option('--port <n>', 'on 127.0.0.1; 0: any', portOf, 0)
    .option('--pass-tls', 'let clients and server speak TLS; only faults of whole bytes strike then')
    .option('--fault <words>', 'from the start', (word: string, before: string[]) => [...before, word], [])
    .addHelpText('after', AFTER_HELP)
  try {
    program.parse(process.argv)
    return program.opts<RawOptions>()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    const what = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
    throw new LabProblem({ what, where: 'the options', mend: '--help shows them' })
  }
}

async function main(): Promise<number> {
  const options = readWords()
  if (options === undefined) return EXIT.fine
  const wrong = options.fault.find((words) => parseFault(words) === undefined)
  if (wrong !== undefined) {
    throw new LabProblem({
      what: `unknown fault: ${wrong}`,
      where: '--fault',
      mend: `known are: ${FAULT_HELP}`,
    })
  }
  const proxy = new FaultProxy({
    upstreamUrl: options.to,
    port: options.port,
    tls: options.passTls === true ? 'pass' : 'refuse',
    seed: '1',
  })
  try {
    await proxy.start()
  } catch (error) {
    throw new LabProblem(
      {
        what: `the proxy cannot listen: ${errorMessageOf(error)}`,
        where: `127.0.0.1:${options.port}`,
        mend: 'choose another port with --port, or --port 0 for any',
        exitCode: EXIT.infrastructure,
      },
      { cause: error },
    )
  }
  const session = new Session(proxy)
  for (const words of options.fault) await session.obey(words)
  process.stderr.write(`proxy on 127.0.0.1:${proxy.port}\n`)
  await untilTold(session)
  await proxy.stop()
  return EXIT.fine
}

/** What the person has injected. */
class Session {
  readonly #proxy: FaultProxy
  #handles: FaultHandle[] = []

  constructor(proxy: FaultProxy) {
    this.#proxy = proxy
  }

  /** What to tell the person. */
  async obey(line: string): Promise<string> {
    const words = line.trim()
    if (words === 'status') return this.#status()
    if (words === 'lift') {
      const told = this.#status()
      for (const handle of this.#handles) await handle.lift()
      this.#handles = []
      return `${told}\nlifted`
    }
    if (words.startsWith('failover ')) {
      const upstreamUrl = words.slice('failover '.length).trim()
      if (!isPostgresUrl(upstreamUrl)) return 'failover needs a postgres:// URL'
      return `${await this.#proxy.failOver({ upstreamUrl, address: 'kept' })} connections cut`
    }
    const fault = parseFault(words)
    if (fault === undefined) return `unknown; known are: ${FAULT_HELP}\nstatus · lift · failover <url> · quit`
    this.#handles.push(await this.#proxy.inject(fault))
    return `injected: ${words}`
  }

  #status(): string {
    const faults = this.#handles.map(
      ({ fault, strikes }) =>
        `${fault.kind}: ${strikes === undefined ? 'strikes cannot be seen' : `struck ${strikes} times`}`,
    )
    return [`${this.#proxy.connections} connections`, ...faults].join('\n')
  }
}

function untilTold(session: Session): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve())
  // One after the other, in their order.
  let obeyed: Promise<unknown> = Promise.resolve()
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === '') return
    obeyed = obeyed.then(async () => {
      if (line.trim() === 'quit') resolve()
      else process.stderr.write(`${await session.obey(line)}\n`)
    })
  })
  return promise
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)
}

/** The message does not repeat the text: it may hold a password. */
function postgresUrl(text: string): string {
  if (!isPostgresUrl(text))
    throw new InvalidArgumentError('It must be postgres://user:password@host:port/name.')
  return text
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It must be 0 to 65535.')
  return Number(text)
}

function failed(error: unknown): number {
  if (!(error instanceof LabProblem)) throw error
  process.stderr.write(problemText({ what: error.message, where: error.where, mend: error.mend }))
  return error.exitCode
}

process.exit(await main().catch(failed))
