/**
 * The twin of a scenario's real part in the virtual world: the same time line, settings, workload and claims, so that
 * both levels can be asked the same question. What cannot be carried over is a reason not to compare. Pure.
 */

import { parseConfig } from '../../src/config.ts'
import type { Fault } from '../faults/fault.ts'
import { MESSAGE_EVERY_MS, SCENARIO_VERSION, scenarioSchema } from '../scenario.ts'
import type { RealPart, Scenario } from '../scenario.ts'
import { virtualTwinOf } from './virtual-fault.ts'

export type Twin =
  | { readonly scenario: Scenario }
  /** Each a sentence's rest: why the levels cannot be compared here. */
  | { readonly reasons: readonly string[] }

/** The real level's people fall silent so long before its end. */
const LAST_WORDS_MS = 5_000
/** Those of the virtual world do so earlier; what they then leave out is part of the burst that fills up. */
const VIRTUAL_LAST_WORDS_MS = 60_000
/** At the real level the owner links as soon as the page shows the code. */
const SCAN_AFTER_MS = 2_000

export function twinOf({ real: part, ...scenario }: Scenario): Twin {
  if (part === undefined) return { reasons: ['it does not run at the real level'] }
  const twins = part.faults.map((fault) => virtualTwinOf(fault, part.durationMs))
  const reasons = [
    ...(part.compress === 1 ? [] : ["the virtual world does not compress Heroku's calendar"]),
    ...new Set(twins.flatMap((each) => ('reason' in each ? [each.reason] : []))),
  ]
  if (reasons.length > 0) return { reasons }
  const settings = { ...productionWaits(), ...part.settings }
  const sampleMs = Number(settings['MEMORY_SAMPLE_INTERVAL_MS'])
  return {
    scenario: scenarioSchema.parse({
      ...scenario,
      version: SCENARIO_VERSION,
      durationMs: part.durationMs,
      defaultLevel: 'virtual',
      settings,
      scanAfterMs: SCAN_AFTER_MS,
      workload: { ...part.workload, bursts: [...fillingBursts(part), ...part.workload.bursts] },
      faults: twins.flatMap((each) => ('fault' in each ? [betweenSamples(each.fault, sampleMs)] : [])),
      claims: part.claims,
    }),
  }
}

/**
 * Where a balloon begins between two of the bot's samples decides how far it gets. At the real level that is as it
 * falls, by how quickly the machine starts a bot; in the virtual world each seed draws it.
 */
function betweenSamples(fault: Fault, sampleMs: number): Fault {
  return fault.kind === 'balloon' ? { ...fault, jitterMs: Math.max(fault.jitterMs, sampleMs) } : fault
}

/** The lab's virtual world has settings of its own for these; the real level leaves them as they are deployed. */
function productionWaits(): Readonly<Record<string, string>> {
  const parsed = parseConfig({ DATABASE_URL: 'postgres://lab@127.0.0.1/lab' })
  if (!parsed.ok) throw new Error('the defaults contradict each other')
  const { memorySampleIntervalMs, connectionCheckIntervalMs, heartbeatIntervalMs } = parsed.config
  return {
    MEMORY_SAMPLE_INTERVAL_MS: String(memorySampleIntervalMs),
    CONNECTION_CHECK_INTERVAL: String(connectionCheckIntervalMs),
    HEARTBEAT_INTERVAL_MS: String(heartbeatIntervalMs),
  }
}

/** What the real level's people say more than one command in ten seconds, spread over the times that are not quiet. */
function fillingBursts({ durationMs, messageEveryMs, workload }: RealPart): RealPart['workload']['bursts'] {
  const endMs = durationMs - LAST_WORDS_MS
  const spans = workload.quiet === undefined ? [[0, endMs] as const] : spansAround(workload.quiet, endMs)
  return spans.flatMap(([fromMs, toMs]) => {
    const declared =
      Math.max(0, Math.min(toMs, durationMs - VIRTUAL_LAST_WORDS_MS) - fromMs) / MESSAGE_EVERY_MS
    const count = Math.floor((toMs - fromMs) / messageEveryMs - declared)
    return count < 1 ? [] : [{ atMs: fromMs, forMs: toMs - fromMs, count }]
  })
}

function spansAround(
  quiet: { readonly atMs: number; readonly forMs: number },
  endMs: number,
): (readonly [number, number])[] {
  const after = quiet.atMs + quiet.forMs
  const spans: (readonly [number, number])[] = [
    [0, Math.min(quiet.atMs, endMs)],
    [Math.min(after, endMs), endMs],
  ]
  return spans.filter(([fromMs, toMs]) => toMs > fromMs)
}
