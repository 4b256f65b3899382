/** A real part in words, so that a published figure says what it was measured under. Pure. */

import type { RealFault } from '../faults/real-fault.ts'
import type { RealPart, Scenario } from '../scenario.ts'
import { countText } from './durations.ts'

/** Sentences without their full stop; none for a scenario that does not run at the real level. */
export function workloadLines({ real }: Scenario): string[] {
  if (real === undefined) return []
  const { durationMs, messageEveryMs, workload, settings, faults } = real
  const { directChats, groups, bursts } = workload
  const shortened = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const moments = [
    ...bursts.map(({ atMs, forMs, count }) => ({
      atMs,
      text: `at ${seconds(atMs)}: ${count} further commands within ${seconds(forMs)}`,
    })),
    ...faults.map((fault) => ({ atMs: fault.atMs, text: faultText(fault) })),
  ]
  return [
    `${seconds(durationMs)} of real time; ${perSecond(messageEveryMs)} in ${countText(directChats, 'chat')} and ${countText(groups, 'group')}`,
    ...moments.toSorted((a, b) => a.atMs - b.atMs).map(({ text }) => text),
    shortened.length === 0 ? 'settings as they are deployed' : `settings: ${shortened.join(' ')}`,
  ]
}

/** The quickest balloon, MB/s; undefined without one. */
export function quickestBalloon({ faults }: RealPart): number | undefined {
  const rates = faults.flatMap((fault) => (fault.kind === 'balloon' ? [fault.mbPerSecond] : []))
  return rates.length === 0 ? undefined : Math.max(...rates)
}

function faultText(fault: RealFault): string {
  const jitter = fault.jitterMs === 0 ? '' : ` to ${seconds(fault.atMs + fault.jitterMs)}`
  return `at ${seconds(fault.atMs)}${jitter}: ${whatText(fault)}`
}

function whatText(fault: RealFault): string {
  if (fault.kind === 'balloon')
    return `${fault.shape} of memory (${fault.memory}) to ${fault.toMb} MB at ${fault.mbPerSecond} MB/s${heldText(fault)}`
  if (fault.kind === 'history-flood')
    return `the phone sends its history: ${fault.chats} chats with ${fault.messagesEach} messages each`
  if (fault.kind === 'postgres-server')
    return `Postgres ${fault.how === 'kill' ? 'crashes' : 'is stopped'}, and is back after ${seconds(fault.forMs)}`
  if (fault.kind === 'postgres-failover') return 'Postgres moves to another address'
  if (fault.kind === 'disconnect') return `WhatsApp ends the connection (${fault.statusCode})`
  if (fault.kind === 'dyno-restart') return 'the dyno is restarted'
  return fault.kind === 'sigkill' ? 'the dyno is killed without a warning' : fault.kind
}

function heldText({ shape, holdMs }: Extract<RealFault, { kind: 'balloon' }>): string {
  return shape === 'burst' ? `, held for ${seconds(holdMs)}` : ''
}

function perSecond(everyMs: number): string {
  return everyMs <= 1_000
    ? `${countText(1_000 / everyMs, 'command')} a second`
    : `a command every ${seconds(everyMs)}`
}

function seconds(ms: number): string {
  return `${Number((ms / 1_000).toFixed(1))} s`
}
