/**
 * The world of one run: one scheduler, one WhatsApp, one Heroku, the dynos it boots, the faults that strike
 * them and the checkers that watch. It lives once, and is judged at its end.
 */

import { serialise } from '../../src/session/codec.ts'
import { RunJudge } from '../checkers/run-judge.ts'
import type { Judgement } from '../checkers/run-judge.ts'
import { HEROKU_RULES } from '../dyno/heroku-rules.ts'
import { HerokuModel } from '../dyno/heroku-dyno.ts'
import { WhatsappServer } from '../fakes/whatsapp-server.ts'
import { faultEndMs } from '../faults/fault.ts'
import { Injector } from '../faults/injector.ts'
import { StoreFaults } from '../faults/store-faults.ts'
import type { Scenario } from '../scenario.ts'
import type { Target } from '../targets/target.ts'
import { BotFaults } from './bot-faults.ts'
import { DynoHost } from './dyno-host.ts'
import { checkerContext, labConfig } from './lab-config.ts'
import { PrngStreams, SeededSecureRandom } from './prng.ts'
import { Scheduler } from './scheduler.ts'
import type { SchedulerStop } from './scheduler.ts'
import { SerialQueue } from './store-gate.ts'
import { Trace } from './trace.ts'
import type { SessionStores } from './virtual-database.ts'
import { startWorkload } from './workload.ts'

export interface WorldOptions {
  readonly scenario: Scenario
  readonly seed: number
  readonly target: Target
  readonly session: SessionStores
  /** How many of the last trace lines to keep. */
  readonly keepLines: number
  /** How often to record each dyno's memory; undefined: not beyond Heroku's samples. */
  readonly memoryEveryMs: number | undefined
  onProgress(virtualMs: number): void
}

/** The last messages get this long to be answered. */
const LAST_WORDS_MS = 60_000
const TIMER_MARKS_EVERY_MS = 600_000
/**
 * A bot that has broken its claims so often, in a run of so many events, has gone mad: the run ends there.
 * The sound bot makes 3,700 events an hour, a reconnect storm of 16 a second 300,000.
 */
const MAD = { breaches: 2_000, events: 300_000 }
const LOOK_EVERY_EVENTS = 4_096
const PROGRESS_STEPS = 50

export class World {
  readonly trace: Trace
  readonly #scenario: Scenario
  readonly #options: WorldOptions
  readonly #scheduler = new Scheduler()
  readonly #server: WhatsappServer
  readonly #heroku: HerokuModel
  readonly #host: DynoHost
  readonly #injector: Injector
  readonly #judge: RunJudge
  readonly #streams: PrngStreams

  constructor(options: WorldOptions) {
    const { scenario, seed, session, target } = options
    const scheduler = this.#scheduler
    const seedText = `${scenario.id}/${seed}`
    const streams = new PrngStreams(seedText)
    const trace = new Trace(options.keepLines)
    const config = labConfig(scenario)
    this.trace = trace
    this.#scenario = scenario
    this.#options = options
    this.#streams = streams
    this.#server = new WhatsappServer({ scheduler, trace, streams })
    const storeFaults = new StoreFaults({
      scheduler,
      stream: streams.stream('faults/store'),
      currentDynoId: () => this.#heroku.currentDynoId,
    })
    const botFaults = new BotFaults({ scheduler, stream: streams.stream('faults/bot') })
    this.#host = new DynoHost({
      botFaults,
      seedText,
      config,
      target,
      parts: {
        scheduler,
        trace,
        server: this.#server,
        stores: session,
        queue: new SerialQueue(),
        storeFaults: (operation, dynoId) => storeFaults.decide(operation, dynoId),
      },
      onMisdeed: (processId, message) => this.misdeed(processId, message),
    })
    this.#heroku = new HerokuModel({
      scheduler,
      trace,
      streams,
      rules: HEROKU_RULES,
      program: this.#host,
      clockErrors: scenario.clocks,
      hasDailyCycling: scenario.dailyCycling,
    })
    this.#injector = new Injector({
      scheduler,
      trace,
      stream: streams.stream('faults/time'),
      store: storeFaults,
      whatsapp: this.#server.faults,
      heroku: this.#heroku,
      bots: botFaults,
      ledger: () => this.#host.ledger(),
      isSuspended: () => this.#host.isSuspended(),
    })
    const context = checkerContext(config, scenario)
    this.#judge = new RunJudge({ scenario, context })
    trace.listen((event) => {
      this.#judge.observe(event)
      if (trace.count > MAD.events && trace.count % LOOK_EVERY_EVENTS === 0 && this.#hasGoneMad())
        scheduler.stop()
    })
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  misdeed(processId: string, message: string): void {
    this.#judge.misdeed(this.nowMs, `${processId}: ${message}`)
  }

  async run(): Promise<void> {
    const { durationMs, isPaired, scanAfterMs, workload, faults } = this.#scenario
    if (isPaired) await this.#seedSession()
    this.#server.faults.phoneScans('after', scanAfterMs)
    this.#heroku.start()
    this.#injector.schedule(faults)
    startWorkload({
      scheduler: this.#scheduler,
      workload,
      untilMs: durationMs - LAST_WORDS_MS,
      stream: this.#streams.stream('workload'),
      deliver: (command) => this.#server.deliver(command),
    })
    this.#markTimers()
    if (this.#options.memoryEveryMs !== undefined) this.#readMemory(this.#options.memoryEveryMs)
    await this.#advanceTo(Math.min(faultsEndMs(this.#scenario), durationMs))
    this.#judge.faultsEnded(this.nowMs)
    await this.#advanceTo(durationMs)
    this.#host.recordTimers()
    this.#judge.end()
    this.#heroku.stop()
  }

  judge(): Judgement {
    const atMs = this.nowMs
    const isWhole = atMs >= this.#scenario.durationMs
    return this.#judge.judge({ atMs, isWhole, unstruck: this.#injector.unstruck() })
  }

  /** The session as an earlier life left it: paired, and released. */
  async #seedSession(): Promise<void> {
    const random = new SeededSecureRandom(this.#streams.stream('setup'))
    const { sessionStore } = this.#options.session.open(random)
    const lease = await sessionStore.takeLease({ owner: 'setup', expected: undefined })
    if (lease === undefined) throw new Error('the session of this run exists already')
    const creds = serialise(this.#server.linkedCreds())
    await sessionStore.commit({ epoch: lease.epoch, sequence: 1, nowMs: 0, creds })
    await sessionStore.releaseLease({ owner: 'setup', epoch: lease.epoch })
  }

  async #advanceTo(untilMs: number): Promise<void> {
    const stepMs = Math.max(60_000, Math.ceil(this.#scenario.durationMs / PROGRESS_STEPS))
    while (this.nowMs < untilMs) {
      const stop = await this.#scheduler.run(Math.min(untilMs, this.nowMs + stepMs))
      this.#options.onProgress(this.nowMs)
      if (stop.reason === 'reached' && !this.#scheduler.isIdle) continue
      if (stop.reason !== 'stopped') this.misdeed('the world', this.#whyWedged(stop))
      return
    }
  }

  #whyWedged({ reason, label }: SchedulerStop): string {
    if (reason === 'stuck') return `the clock stands: event after event at one moment, the last "${label}"`
    const parked = this.#host.parked().join('; ') || 'no process'
    return `virtual deadlock: nothing can happen any more; parked: ${parked}`
  }

  #hasGoneMad(): boolean {
    return this.#judge.breaches > MAD.breaches
  }

  #readMemory(everyMs: number): void {
    this.#scheduler.scheduleHousekeeping('dyno.reading', everyMs, () => {
      for (const reading of this.#host.readings())
        this.trace.record({ atMs: this.nowMs, source: 'dyno', kind: 'dyno.reading', data: { ...reading } })
      this.#readMemory(everyMs)
    })
  }

  #markTimers(): void {
    this.#scheduler.scheduleHousekeeping('mark.timers', TIMER_MARKS_EVERY_MS, () => {
      this.#host.recordTimers()
      this.#markTimers()
    })
  }
}

function faultsEndMs(scenario: Scenario): number {
  return Math.max(0, ...scenario.faults.map(faultEndMs))
}
