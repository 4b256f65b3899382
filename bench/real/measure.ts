/**
 * What the real level costs: the start of Postgres and of a dyno, the fault proxy, the simulator's looks at memory,
 * and how many minutes of a scenario fit into one on the wall. Each comparison is of one run.
 */

import type { LabEnvironment } from '../../sim/cli/lab-environment.ts'
import type { RunJob } from '../../sim/cli/worker-protocol.ts'
import { openPool, openPostgres } from '../../sim/cli/workshop.ts'
import { deployOverlap } from '../../scenarios/dyno-restart/deploy-overlap.ts'
import type { Figure } from '../figure.ts'
import { ON_THIS_MACHINE, containerKind, measureDynoCost } from './dyno-cost.ts'
import type { DynoCost } from './dyno-cost.ts'
import { measurePostgresStarts } from './postgres-starts.ts'
import { measureProxyCost } from './proxy-cost.ts'

/** Of the simulator: its looks at the ceiling (real-rules.ts) and its samples (heroku-rules.ts). */
const LOOKS_PER_SECOND = 10
const SAMPLES_PER_SECOND = 1 / 20

type Round = Readonly<Record<string, number | undefined>>

const UNITS: readonly (readonly [name: string, unit: string])[] = [
  ['Postgres, embedded: start', 's'],
  ['Postgres, by URL: start', 's'],
  ['Postgres, container: start', 's'],
  ['Postgres: container / embedded', '×'],
  ['statement of 4 kB', 'ms'],
  ['statement: through the proxy / direct', '×'],
  ['dyno on this machine: start to bound', 'ms'],
  ['dyno in a container: start to bound', 'ms'],
  ['dyno: container / this machine', '×'],
  ['memory watch on this machine', '% of a core'],
  ['memory watch in a container', '% of a core'],
  ['memory watch: container / this machine', '×'],
  ['scenarios at the real level', 'min a min'],
]

export interface RealFigures {
  /** Those that this machine cannot give, for want of an engine or an image, are left out. */
  readonly figures: readonly Figure[]
  /** Scenario runs that did not hold; above 0 their speed is no figure yet. */
  readonly unsoundRuns: number
}

export async function measureReal(
  environment: LabEnvironment,
  rounds: number,
  say: (line: string) => void,
): Promise<RealFigures> {
  const { lifetime } = environment
  let unsoundRuns = 0
  const measured: Round[] = []
  const postgres = await openPostgres(environment, 'embedded')
  await lifetime.unlessInterrupted(environment.engine.buildBot(say))
  const pool = openPool(environment, postgres, { size: 1, hasOwnNode: true })
  await lifetime.unlessInterrupted(pool.warmUp())
  for (let round = 1; round <= rounds; round += 1) {
    const startedMs = performance.now()
    const results = await lifetime.unlessInterrupted(pool.run(jobs(round)))
    for (const { seed, violations } of results)
      for (const { claim, message } of violations) say(`seed ${seed}: ${claim}: ${message}`)
    const wallMs = performance.now() - startedMs
    unsoundRuns += results.filter(({ verdict }) => verdict !== 'holds').length
    const { url } = await postgres.createDatabase()
    measured.push({
      ...(await playRound(environment, url)),
      'scenarios at the real level': results.reduce((sum, { virtualMs }) => sum + virtualMs, 0) / wallMs,
    })
    say(`round ${round} of ${rounds}`)
  }
  const figures = UNITS.flatMap(([name, unit]) => {
    const values = measured.flatMap((round) => round[name] ?? [])
    return values.length === 0 ? [] : [{ name, unit, goal: undefined, rounds: values }]
  })
  return { figures, unsoundRuns }
}

async function playRound({ lifetime }: LabEnvironment, databaseUrl: string): Promise<Round> {
  const starts = await measurePostgresStarts(lifetime)
  const proxy = await lifetime.unlessInterrupted(measureProxyCost(databaseUrl))
  const here = await measureDynoCost(lifetime, ON_THIS_MACHINE)
  const kind = await containerKind()
  const contained = kind === undefined ? undefined : await measureDynoCost(lifetime, kind)
  return {
    'Postgres, embedded: start': starts.embedded,
    'Postgres, by URL: start': starts.url,
    'Postgres, container: start': starts.container,
    'Postgres: container / embedded': ratio(starts.container, starts.embedded),
    'statement of 4 kB': proxy.direct,
    'statement: through the proxy / direct': ratio(proxy.proxied, proxy.direct),
    'dyno on this machine: start to bound': here.bootMs,
    'dyno in a container: start to bound': contained?.bootMs,
    'dyno: container / this machine': ratio(contained?.bootMs, here.bootMs),
    'memory watch on this machine': watchPercent(here),
    'memory watch in a container': contained === undefined ? undefined : watchPercent(contained),
    'memory watch: container / this machine':
      contained === undefined ? undefined : ratio(watchPercent(contained), watchPercent(here)),
  }
}

function watchPercent({ lookMs, sampleMs }: DynoCost): number {
  return ((lookMs * LOOKS_PER_SECOND + sampleMs * SAMPLES_PER_SECOND) / 1_000) * 100
}

function ratio(value: number | undefined, base: number): number | undefined {
  return value === undefined ? undefined : value / base
}

/** One at a time, as the lab runs them; another seed in each round. */
function jobs(round: number): RunJob[] {
  return [
    {
      request: { scenario: deployOverlap, level: 'real', seed: round, target: 'bot' },
      keepLines: 0,
      sendsLinesAlways: false,
    },
  ]
}
