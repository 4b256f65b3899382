/**
 * One run: a scenario, a level, a seed and a target in; a judged result out. Both levels run the same code;
 * they differ only in the stores behind the gate.
 */

import { errorMessageOf } from '../../src/errors.ts'
import type { Judgement } from '../checkers/run-judge.ts'
import type { Target } from '../targets/target.ts'
import { targetOf } from '../targets/targets.ts'
import type { RunRequest, RunResult } from './run-result.ts'
import { openInMemorySession } from './virtual-database.ts'
import type { SessionStores, VirtualDatabase } from './virtual-database.ts'
import { World } from './world.ts'

export interface RunEnvironment {
  /** Needed at `virtual`. */
  readonly database: VirtualDatabase | undefined
  /** How many of the last trace lines to keep. */
  readonly keepLines: number
  /** A bot other than the request's named one, for tests of the checkers. */
  readonly target?: Target
  onProgress?(virtualMs: number): void
}

/** Runs and judges; never throws for what the bot does, and reports the lab's own failures as `error`. */
export async function runScenario(request: RunRequest, environment: RunEnvironment): Promise<RunResult> {
  const { scenario, level, seed, target } = request
  const startedMs = performance.now()
  const session = sessionFor(request, environment)
  const world = new World({
    scenario,
    seed,
    session,
    keepLines: environment.keepLines,
    memoryEveryMs: request.memoryEveryMs,
    target: environment.target ?? targetOf(target),
    onProgress: (virtualMs) => environment.onProgress?.(virtualMs),
  })
  const judgement = await live(world)
  await session.forget()
  return {
    scenario: scenario.id,
    family: scenario.family,
    level,
    target,
    seed,
    ...judgement,
    traceHash: judgement.verdict === 'error' ? '' : world.trace.digest(),
    traceEvents: world.trace.count,
    virtualMs: world.nowMs,
    wallMs: Math.round(performance.now() - startedMs),
    postgres: level === 'virtual' ? environment.database?.describe : undefined,
    lines: world.trace.lines(),
  }
}

/** Lives and is judged. A rejection that nobody handles is the run's own, however late Node tells of it. */
async function live(world: World): Promise<Judgement> {
  const onRejection = (error: unknown): void => {
    world.misdeed('a bot process', `unhandled rejection: ${errorMessageOf(error)}`)
  }
  process.on('unhandledRejection', onRejection)
  try {
    const failure = await world.run().then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    // Node tells of unhandled rejections only when its own event loop turns.
    await new Promise((resolve) => setImmediate(resolve))
    if (failure === undefined) return world.judge()
    const message = errorMessageOf(failure.error)
    return { verdict: 'error', violations: [{ claim: 'lab', atMs: world.nowMs, message }] }
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

function sessionFor(request: RunRequest, environment: RunEnvironment): SessionStores {
  if (request.level === 'model') return openInMemorySession()
  if (environment.database === undefined) throw new Error('level virtual needs a database')
  return environment.database.newSession()
}
