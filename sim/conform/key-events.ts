/**
 * The events by which two levels are compared: those that both levels tell in the same words and that mean something
 * to an operator, and the beginning of each fault. Of each name only the first in every phase counts, a phase beginning
 * with each fault: how often a thing repeats depends on waits of a few ms, that and in which order it begins does not.
 * Pure.
 */

import type { TraceData, TraceEvent } from '../world/trace.ts'
import { textOf } from '../world/trace.ts'

export interface KeyEvent {
  readonly name: string
  readonly atMs: number
  /** How many faults had begun. */
  readonly phase: number
}

type Naming = (data: TraceData) => string

const plain: Naming = () => ''

/** By kind: what of its data is part of the name. */
const KEY_EVENTS: Readonly<Record<string, Naming>> = {
  'dyno.up': plain,
  'dyno.sigterm': plain,
  'dyno.sigkill': plain,
  'dyno.exited': plain,
  'dyno.r12': plain,
  'dyno.r15': plain,
  'dyno.cool-off': plain,
  'process.started': plain,
  'process.killed': plain,
  'process.exited': (data) => textOf(data, 'reason'),
  'wa.open': plain,
  'wa.close': (data) => (textOf(data, 'by') === 'server' ? 'by the server' : 'by the bot'),
  'wa.login-refused': plain,
  'wa.paired': plain,
  'log.lease.taken': plain,
  'log.lease.released': plain,
  'log.connection.halted': plain,
  'log.memory.level': (data) => `to ${textOf(data, 'to')}`,
  'log.memory.cleanup': (data) => textOf(data, 'urgency'),
  'log.memory.recycle-requested': plain,
}

/** Of a name of an event: it is the beginning of a fault. */
export function isFaultEvent(name: string): boolean {
  return /^fault \d+ begins$/.test(name)
}

/** @param untilMs what comes then or later is the end of the run and nobody's doing */
export function keyEventsOf(events: Iterable<TraceEvent>, untilMs: number): KeyEvent[] {
  const found: KeyEvent[] = []
  const seen = new Set<string>()
  let phase = 0
  for (const { atMs, kind, data } of events) {
    if (atMs >= untilMs) continue
    if (kind.startsWith('fault.') && data['phase'] === 'begins') {
      phase += 1
      found.push({ name: `fault ${phase} begins`, atMs, phase })
    }
    const naming = KEY_EVENTS[kind]
    if (naming === undefined) continue
    const name = `${kind.replace(/^log\./, '')} ${naming(data)}`.trim()
    const key = `${phase} ${name}`
    if (seen.has(key)) continue
    seen.add(key)
    found.push({ name, atMs, phase })
  }
  return found
}
