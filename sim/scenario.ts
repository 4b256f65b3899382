/**
 * A scenario: a start, a workload, faults on a time line, and what must hold. Authors write it typed with
 * `defineScenario`; what comes out is plain data, checked and versioned, which is what is run, stored in a
 * replay file and shown. Code belongs in the lab, not here.
 */

import { z } from 'zod'
import { claimsSchema } from './checkers/claim.ts'
import { checkDeadlines } from './checkers/deadlines.ts'
import { faultEndMs, faultSchema } from './faults/fault.ts'
import { realFaultEndMs, realFaultSchema } from './faults/real-fault.ts'

/** Grows when a stored scenario could no longer be read as it was meant. */
export const SCENARIO_VERSION = 1

export const FAMILIES = ['dyno-restart', 'disconnect-storm', '512mb-quota', 'postgres', 'multi-day'] as const
export type Family = (typeof FAMILIES)[number]

export const LEVELS = ['model', 'virtual', 'real'] as const
export type Level = (typeof LEVELS)[number]
/** Where time is virtual. */
export const VIRTUAL_LEVELS = ['model', 'virtual'] as const
export type VirtualLevel = (typeof VIRTUAL_LEVELS)[number]

/** The declared workload: one chat message in 10 s. Scenarios may add to it, not thin it. */
export const MESSAGE_EVERY_MS = 10_000

const workloadSchema = z.strictObject({
  directChats: z.number().int().min(1).max(10_000).default(8),
  groups: z.number().int().min(0).max(100).default(2),
  /** Every so manyth command is one that must not run twice; undefined: none is. */
  onceEvery: z.number().int().min(1).optional(),
  /** A night without messages: nothing is sent from this time on, for so long. */
  quiet: z.strictObject({ atMs: z.number().int().min(0), forMs: z.number().int().min(1) }).optional(),
  /** So many further commands, spread evenly over a span. */
  bursts: z
    .array(
      z.strictObject({
        atMs: z.number().int().min(0),
        forMs: z.number().int().min(1),
        count: z.number().int().min(1).max(100_000),
      }),
    )
    .default([]),
})

/**
 * How the scenario runs on real processes, where an hour lasts an hour: a time line of its own, in the same words,
 * and settings that shorten waits, which the output shows. Claims are the scenario's kind, with deadlines to match.
 */
const realSchema = z.strictObject({
  /** A day at most, so that a run stretched by `--minutes` can be kept and replayed. */
  durationMs: z.number().int().min(5_000).max(86_400_000),
  settings: z.record(z.string(), z.string()).default({}),
  /** One command in so long. */
  messageEveryMs: z.number().int().min(20).max(MESSAGE_EVERY_MS).default(1_000),
  workload: workloadSchema
    .refine(({ onceEvery }) => onceEvery === undefined, 'the production bot has no command that runs once')
    .prefault({}),
  /** Divides the waits of Heroku's calendar: cycling, cool-off. */
  compress: z.number().min(1).default(1),
  faults: z.array(realFaultSchema).default([]),
  claims: claimsSchema,
})
export type RealPart = z.output<typeof realSchema>

export const scenarioSchema = z.strictObject({
  version: z.literal(SCENARIO_VERSION),
  id: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'must look like family/name'),
  family: z.enum(FAMILIES),
  /** One line: what a pass proves. */
  proves: z.string().min(10),
  durationMs: z.number().int().min(1_000),
  /** Where it runs unless told otherwise: multi-day scenarios at `model`. `real`: only there. */
  defaultLevel: z.enum(LEVELS).default('virtual'),
  /** The bot's settings that differ from their defaults, as environment variables. */
  settings: z.record(z.string(), z.string()).default({}),
  /** False: the first boot shows a QR, and the phone scans it after `scanAfterMs`. */
  isPaired: z.boolean().default(true),
  scanAfterMs: z.number().int().min(0).default(15_000),
  dailyCycling: z.boolean().default(false),
  /** Each dyno's clock is wrong by up to this much, drawn by seed. */
  clocks: z
    .strictObject({
      maxSkewMs: z.number().int().min(0).default(0),
      maxDriftPpm: z.number().min(0).max(10_000).default(0),
    })
    .prefault({}),
  workload: workloadSchema.prefault({}),
  faults: z.array(faultSchema).default([]),
  claims: claimsSchema,
  /** Undefined: it does not run at the real level. */
  real: realSchema.optional(),
})

/**
 * A scenario as its author writes it: each deadline lies within the run. One that is stored may have been shortened
 * since, and is judged by what was put to the test.
 */
export const authoredScenarioSchema = scenarioSchema.superRefine((scenario, context) => {
  const { real } = scenario
  checkDeadlines(scenario, scenario.faults.map(faultEndMs), [], context)
  if (real !== undefined) checkDeadlines(real, real.faults.map(realFaultEndMs), ['real'], context)
})

export type Scenario = z.output<typeof scenarioSchema>
export type ScenarioInput = Omit<z.input<typeof scenarioSchema>, 'version'>

/**
 * Checks and completes a scenario.
 * @throws ZodError naming each wrong field
 */
export function defineScenario(input: ScenarioInput): Scenario {
  return authoredScenarioSchema.parse({ version: SCENARIO_VERSION, ...input })
}

export type RealScenarioInput = Pick<ScenarioInput, 'id' | 'family' | 'proves'> & {
  readonly real: NonNullable<ScenarioInput['real']>
}

/**
 * A scenario of what only the wire knows: it runs at the real level and nowhere else.
 * @throws ZodError naming each wrong field
 */
export function defineRealScenario(input: RealScenarioInput): Scenario {
  const { durationMs, claims } = input.real
  return defineScenario({ ...input, durationMs, claims, defaultLevel: 'real' })
}
