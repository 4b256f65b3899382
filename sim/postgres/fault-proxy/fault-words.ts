/** Faults as a person types them: `latency 100 20`, `fatal 57P01`, `reset-at-write answered 3`. */

import type { FatalState, ProxyFault, WriteMoment } from './proxy-fault.ts'

export const FAULT_HELP = `latency <ms> [<jitter ms>] · bandwidth <bytes/s> · reset · black-hole · half-open · refuse ·
read-only · fatal 53300|57P01|57P03 · connection-cap <n> · reset-at-write unsent|unanswered|answered [<times>]`

const FATAL_STATES: readonly FatalState[] = ['53300', '57P01', '57P03']
const MOMENTS: readonly WriteMoment[] = ['unsent', 'unanswered', 'answered']

/** The fault that the words name; undefined when they name none. */
export function parseFault(text: string): ProxyFault | undefined {
  const [kind = '', first = '', second] = text.trim().split(/\s+/)
  switch (kind) {
    case 'reset':
    case 'black-hole':
    case 'half-open':
    case 'refuse':
    case 'read-only':
      return first === '' ? { kind } : undefined
    case 'latency': {
      const [delayMs, jitterMs] = [figure(first), figure(second ?? '0')]
      return delayMs === undefined || jitterMs === undefined ? undefined : { kind, delayMs, jitterMs }
    }
    case 'bandwidth': {
      const bytesPerSecond = figure(first)
      return bytesPerSecond === undefined || bytesPerSecond < 1 ? undefined : { kind, bytesPerSecond }
    }
    case 'connection-cap': {
      const maxConnections = figure(first)
      return maxConnections === undefined ? undefined : { kind, maxConnections }
    }
    case 'fatal': {
      const sqlState = FATAL_STATES.find((state) => state === first)
      return sqlState === undefined ? undefined : { kind, sqlState }
    }
    case 'reset-at-write': {
      const moment = MOMENTS.find((name) => name === first)
      const times = figure(second ?? '1')
      return moment === undefined || times === undefined ? undefined : { kind, moment, times }
    }
    default:
      return undefined
  }
}

function figure(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}
