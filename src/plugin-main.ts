/**
 * The plugin host: a process that loads plugins when they are asked for and runs them. It knows neither WhatsApp nor
 * the database, and is given no secret. It ends when the bot does, and by nothing else: a plugin cannot end it by
 * mistake, and signals to the whole dyno are the bot's matter. Surprising: a module that has been changed since it
 * was loaded is loaded anew, so a plugin can be edited while `npm run dev` runs.
 */

import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { framesOf } from './error-frames.ts'
import { readToHost } from './plugins/host-messages.ts'
import type { FromHost, ToHost } from './plugins/host-messages.ts'

type Run = Extract<ToHost, { type: 'run' }>

/** A module that takes longer to load lets the others pass. */
const LOAD_PATIENCE_MS = 1_000

let turn: Promise<void> = Promise.resolve()

const exit = process.exit.bind(process)
process.exit = () => {
  throw new Error('a plugin must not end its process')
}
process.on('disconnect', () => exit(0))
process.on('SIGTERM', () => undefined)
process.on('SIGINT', () => undefined)
process.on('uncaughtException', (error) => tell({ type: 'uncaught', ...about(error) }))
process.on('unhandledRejection', (error) => tell({ type: 'uncaught', ...about(error) }))
process.on('message', (raw) => {
  const message = readToHost(raw)
  if (message?.type === 'ping') tell({ type: 'pong' })
  if (message?.type === 'run') void inTurn(message)
})

/** Each command's loading and first step in turn, so that one that blocks has kept no other from being repeated. */
async function inTurn(message: Run): Promise<void> {
  const before = turn
  const entered = Promise.withResolvers<void>()
  turn = entered.promise
  await before
  setTimeout(entered.resolve, LOAD_PATIENCE_MS).unref()
  await run(message, entered.resolve)
}

/** Never rejects. */
async function run({ id, module, request }: Run, onEntered: () => void): Promise<void> {
  tell({ type: 'begun', id })
  try {
    const outcome = (await loaded(module))(request)
    onEntered()
    const answer: unknown = await outcome
    if (answer !== undefined && typeof answer !== 'string')
      throw new TypeError('a plugin answers with a text or undefined')
    tell({ type: 'done', id, text: answer })
  } catch (error) {
    tell({ type: 'failed', id, ...about(error) })
  } finally {
    onEntered()
  }
}

async function loaded(module: string): Promise<(request: unknown) => unknown> {
  const version = statSync(fileURLToPath(module)).mtimeMs
  const exported: unknown = await import(`${module}?${version}`)
  const isModule = typeof exported === 'object' && exported !== null
  const found: unknown = isModule ? Reflect.get(exported, 'run') : undefined
  if (typeof found !== 'function') throw new TypeError('a plugin exports a function named run')
  return (request) => Reflect.apply(found, undefined, [request]) as unknown
}

function about(error: unknown): { readonly kind: string; readonly at: string } {
  return { kind: error instanceof Error ? error.name : typeof error, at: framesOf(error).join(' ') }
}

function tell(message: FromHost): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}
