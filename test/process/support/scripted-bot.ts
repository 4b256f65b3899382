/**
 * A bot process without WhatsApp and database that misbehaves as SCRIPT says. Its channel is production's.
 * `sound`; `hang-once`: the first process blocks its event loop for ever, by computing; `wait-once`: the same
 * by a wait that uses no CPU; `crash`: each process fails soon; `deaf`: it ignores every request to end;
 * `slow-start`: it computes for a while before it beats; `ask-recycle`: the first asks for a fresh process.
 */

import { existsSync, writeFileSync } from 'node:fs'
import { PinoLogger } from '../../../src/adapters/pino-logger.ts'
import { SystemClock } from '../../../src/adapters/system-clock.ts'
import { systemParentProcess } from '../../../src/adapters/system-parent-process.ts'
import type { BotStatus } from '../../../src/bot-status.ts'
import { EXIT_STATUS } from '../../../src/ports/exit.ts'
import { BotChannel } from '../../../src/supervisor/bot-channel.ts'

const script = process.env['SCRIPT'] ?? 'sound'
const logger = new PinoLogger({ level: 'info' })
const parent = systemParentProcess()
if (parent === undefined) throw new Error('this bot has no supervisor')

/** A file marks that the first process has been there. */
function isFirst(): boolean {
  const mark = process.env['SCRIPT_MARK'] ?? ''
  if (existsSync(mark)) return false
  writeFileSync(mark, '')
  return true
}

function end(status: number): void {
  if (script !== 'deaf') process.exit(status)
}

/** Keeps the event loop busy until so much CPU time is used. */
function compute(cpuMs: number): void {
  const began = process.cpuUsage()
  for (
    let used = process.cpuUsage(began);
    (used.user + used.system) / 1_000 < cpuMs;
    used = process.cpuUsage(began)
  ) {
    for (let index = 0; index < 1_000_000; index += 1) Math.sqrt(index)
  }
}

const first = isFirst()
if (script === 'slow-start') compute(1_500)
const status: unknown = { connection: { state: 'open' }, lease: { status: 'held' }, memory: {}, steps: [] }
new BotChannel({
  clock: new SystemClock(),
  logger,
  parent,
  heartbeatIntervalMs: Number(process.env['HEARTBEAT_INTERVAL_MS']),
  status: () => status as BotStatus,
  pairingCode: () => undefined,
  terminate: () => end(EXIT_STATUS.stopped),
  recycle: () => end(EXIT_STATUS.recycle),
  answer: () => Promise.reject(new Error('asked for nothing')),
}).start()
process.on('SIGTERM', () => end(EXIT_STATUS.stopped))
logger.info('scripted.started', { owner: process.env['SESSION_OWNER'] })

if (script === 'crash') setTimeout(() => process.exit(1), 50)
if (script === 'ask-recycle' && first) setTimeout(() => process.exit(EXIT_STATUS.recycle), 300)
if (script === 'hang-once' && first) setTimeout(() => compute(Infinity), 300)
if (script === 'wait-once' && first)
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 300)
