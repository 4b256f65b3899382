/**
 * One run: builds the world of a scenario, lets it live, and judges it. The same code runs both levels; they
 * differ only in the stores behind the gate.
 */

import { parseConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import { errorMessageOf } from '../../src/errors.ts'
import { serialise } from '../../src/session/codec.ts'
import type { CheckerContext } from '../checkers/checker.ts'
import type { Violation } from '../checkers/claim.ts'
import { checkersOf } from '../checkers/judges.ts'
import { EventuallyJudge, SometimesJudge } from '../checkers/outcome.ts'
import { HEROKU_RULES } from '../dyno/heroku-rules.ts'
import { HerokuModel } from '../dyno/heroku-dyno.ts'
import { WhatsappServer } from '../fakes/whatsapp-server.ts'
import { faultEndMs } from '../faults/fault.ts'
import { Injector } from '../faults/injector.ts'
import { StoreFaults } from '../faults/store-faults.ts'
import type { Scenario } from '../scenario.ts'
import type { Target } from '../targets/target.ts'
import { targetOf } from '../targets/targets.ts'
import { DynoHost } from './dyno-host.ts'
import { PrngStreams, SeededSecureRandom } from './prng.ts'
import type { RunRequest, RunResult, Verdict } from './run-result.ts'
import { Scheduler } from './scheduler.ts'
import { SerialQueue } from './store-gate.ts'
import { Trace } from './trace.ts'
import { openInMemorySession } from './virtual-database.ts'
import type { SessionStores, VirtualDatabase } from './virtual-database.ts'
import { startWorkload } from './workload.ts'

export interface RunEnvironment {
  /** Needed at `virtual`. */
  readonly database: VirtualDatabase | undefined
  /** How many of the last trace lines to keep. */
  readonly keepLines: number
  /** A bot other than the request's named one, for tests of the checkers. */
  readonly target?: Target
  onProgress?(virtualMs: number): void
}

/** Declared, so that every bot is measured alike; a scenario may set others. */
const LAB_SETTINGS = {
  DATABASE_URL: 'postgres://lab@127.0.0.1/lab',
  MEMORY_QUOTA_MB: '512',
  MEMORY_SAMPLE_INTERVAL_MS: '20000',
  CONNECTION_CHECK_INTERVAL: '60000',
}
/** The last messages get this long to be answered. */
const LAST_WORDS_MS = 60_000
const TIMER_MARKS_EVERY_MS = 600_000
/** A target that makes more than this has gone mad, and has been judged long before. */
const MAX_TRACE_EVENTS = 12_000_000
const PROGRESS_STEPS = 50

/** Runs and judges; never throws for what the bot does, and reports the lab's own failures as `error`. */
export async function runScenario(request: RunRequest, environment: RunEnvironment): Promise<RunResult> {
  const startedMs = performance.now()
  const session = sessionFor(request, environment)
  const world = new World(request, environment, session)
  const onRejection = (error: unknown): void =>
    world.misdeed('a bot process', `unhandled: ${errorMessageOf(error)}`)
  process.on('unhandledRejection', onRejection)
  let outcome: { verdict: Verdict; violations: readonly Violation[] }
  try {
    await world.run()
    outcome = world.judge()
  } catch (error) {
    outcome = {
      verdict: 'error',
      violations: [{ claim: 'lab', atMs: world.nowMs, message: errorMessageOf(error) }],
    }
  } finally {
    process.off('unhandledRejection', onRejection)
    await session.forget()
  }
  const { scenario, level, seed, target } = request
  return {
    ...{ scenario: scenario.id, family: scenario.family, level, target, seed, ...outcome },
    traceHash: outcome.verdict === 'error' ? '' : world.trace.digest(),
    traceEvents: world.trace.count,
    virtualMs: world.nowMs,
    wallMs: Math.round(performance.now() - startedMs),
    postgres: level === 'virtual' ? environment.database?.describe : undefined,
    lines: world.trace.lines(),
  }
}

function sessionFor(request: RunRequest, environment: RunEnvironment): SessionStores {
  if (request.level === 'model') return openInMemorySession()
  if (environment.database === undefined) throw new Error('level virtual needs a database')
  return environment.database.newSession()
}

class World {
  readonly trace: Trace
  readonly #scenario: Scenario
  readonly #environment: RunEnvironment
  readonly #session: SessionStores
  readonly #scheduler = new Scheduler()
  readonly #server: WhatsappServer
  readonly #heroku: HerokuModel
  readonly #host: DynoHost
  readonly #injector: Injector
  readonly #checkers
  readonly #eventually: EventuallyJudge
  readonly #sometimes: SometimesJudge
  readonly #streams: PrngStreams
  readonly #misdeeds: Violation[] = []
  #isOver = false

  constructor(request: RunRequest, environment: RunEnvironment, session: SessionStores) {
    const { scenario, seed } = request
    const scheduler = this.#scheduler
    const seedText = `${scenario.id}/${seed}`
    const streams = new PrngStreams(seedText)
    const trace = new Trace(environment.keepLines)
    const config = labConfig(scenario)
    this.trace = trace
    this.#scenario = scenario
    this.#environment = environment
    this.#session = session
    this.#streams = streams
    this.#server = new WhatsappServer({ scheduler, trace, streams })
    const storeFaults = new StoreFaults({
      scheduler,
      stream: streams.stream('faults/store'),
      currentDynoId: () => this.#heroku.currentDynoId,
    })
    this.#host = new DynoHost({
      ...{ seedText, scheduler, trace, config, server: this.#server, stores: session },
      queue: new SerialQueue(),
      storeFaults: (operation, dynoId) => storeFaults.decide(operation, dynoId),
      target: environment.target ?? targetOf(request.target),
      onMisdeed: (processId, message) => this.misdeed(processId, message),
    })
    this.#heroku = new HerokuModel({
      ...{ scheduler, trace, streams, rules: HEROKU_RULES, program: this.#host },
      clockErrors: scenario.clocks,
      hasDailyCycling: scenario.dailyCycling,
    })
    this.#injector = new Injector({
      ...{ scheduler, trace, stream: streams.stream('faults/time'), store: storeFaults },
      whatsapp: this.#server.faults,
      heroku: this.#heroku,
      ledger: () => this.#host.ledger(),
    })
    this.#checkers = checkersOf(scenario, checkerContext(config, scenario))
    this.#eventually = new EventuallyJudge(scenario.claims.eventually, faultsEndMs(scenario))
    this.#sometimes = new SometimesJudge(scenario.claims.sometimes)
    trace.listen((event) => {
      if (this.#isOver) return
      for (const checker of this.#checkers) checker.observe(event)
      this.#eventually.observe(event)
      this.#sometimes.observe(event)
      if (trace.count >= MAX_TRACE_EVENTS) scheduler.stop()
    })
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  misdeed(processId: string, message: string): void {
    this.#misdeeds.push({ claim: 'sound-process', atMs: this.nowMs, message: `${processId}: ${message}` })
  }

  async run(): Promise<void> {
    const { durationMs, isPaired, scanAfterMs, workload, faults } = this.#scenario
    if (isPaired) await this.#seedSession()
    this.#server.faults.phoneScans('after', scanAfterMs)
    this.#heroku.start()
    this.#injector.schedule(faults)
    startWorkload({
      ...{ scheduler: this.#scheduler, workload, untilMs: durationMs - LAST_WORDS_MS },
      stream: this.#streams.stream('workload'),
      deliver: (command) => this.#server.deliver(command),
    })
    this.#markTimers()
    await this.#advanceTo(Math.min(faultsEndMs(this.#scenario), durationMs))
    this.#eventually.faultsEnded()
    await this.#advanceTo(durationMs)
    this.#host.recordTimers()
    // The end of the world is not the bot's doing: nobody judges it.
    this.#isOver = true
    this.#heroku.stop()
  }

  judge(): { verdict: Verdict; violations: readonly Violation[] } {
    const endMs = this.nowMs
    for (const checker of this.#checkers) checker.finish(endMs)
    const broken = [
      ...this.#misdeeds,
      ...this.#checkers.flatMap((checker) => checker.violations()),
      ...this.#eventually.judge(endMs),
    ].toSorted((a, b) => a.atMs - b.atMs)
    if (broken.length > 0) return { verdict: 'broken', violations: broken }
    const unstruck = this.#injector
      .unstruck()
      .map((message) => ({ claim: 'faults strike', atMs: endMs, message }))
    const vacuous = [...unstruck, ...this.#sometimes.judge(endMs)]
    return { verdict: vacuous.length > 0 ? 'vacuous' : 'holds', violations: vacuous }
  }

  /** The session as an earlier life left it: paired, and released. */
  async #seedSession(): Promise<void> {
    const random = new SeededSecureRandom(this.#streams.stream('setup'))
    const { sessionStore } = this.#session.open(random)
    const lease = await sessionStore.takeLease({ owner: 'setup', expected: undefined })
    if (lease === undefined) throw new Error('the session of this run exists already')
    const creds = serialise(this.#server.linkedCreds())
    await sessionStore.commit({ epoch: lease.epoch, nowMs: 0, creds })
    await sessionStore.releaseLease({ owner: 'setup', epoch: lease.epoch })
  }

  async #advanceTo(untilMs: number): Promise<void> {
    const stepMs = Math.max(60_000, Math.ceil(this.#scenario.durationMs / PROGRESS_STEPS))
    while (this.nowMs < untilMs) {
      const stop = await this.#scheduler.run(Math.min(untilMs, this.nowMs + stepMs))
      this.#environment.onProgress?.(this.nowMs)
      if (stop.reason === 'reached') continue
      if (stop.reason === 'deadlock')
        this.misdeed('the world', 'virtual deadlock: nothing is scheduled any more')
      return
    }
  }

  #markTimers(): void {
    this.#scheduler.schedule('mark.timers', TIMER_MARKS_EVERY_MS, () => {
      this.#host.recordTimers()
      this.#markTimers()
    })
  }
}

function faultsEndMs(scenario: Scenario): number {
  return Math.max(0, ...scenario.faults.map(faultEndMs))
}

/** @throws Error when a scenario's settings contradict each other */
export function labConfig(scenario: Scenario): Config {
  const parsed = parseConfig({ ...LAB_SETTINGS, ...scenario.settings })
  if (parsed.ok) return parsed.config
  const problems = parsed.problems.map(({ setting, problem }) => `${setting} ${problem}`)
  throw new Error(`settings of ${scenario.id}: ${problems.join('; ')}`)
}

function checkerContext(config: Config, scenario: Scenario): CheckerContext {
  return {
    quotaBytes: HEROKU_RULES.quotaBytes,
    cleanupPercent: config.memoryCleanupPercent,
    emergencyPercent: config.memoryEmergencyPercent,
    attemptWindowMs: config.reconnectWindowMs,
    maxAttemptsPerWindow: config.reconnectMaxAttemptsPerWindow,
    backoffBaseMs: config.reconnectBackoffBaseMs,
    backoffCapMs: config.reconnectBackoffCapMs,
    conflictBaseMs: 30_000,
    stableUptimeMs: config.reconnectStableUptimeMs,
    maxRetries: config.reconnectMaxRetries,
    maxSkewMs: scenario.clocks.maxSkewMs,
  }
}
