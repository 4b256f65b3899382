/**
 * One run at the real level: the stage, the people, the faults, and the same judge as in the virtual world. It lasts
 * as long as it says, and leaves nothing behind, also when it fails.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { errorMessageOf } from '../../src/errors.ts'
import type { Measurements } from '../assertions/measurements.ts'
import { RunJudge } from '../checkers/run-judge.ts'
import type { Judgement } from '../checkers/run-judge.ts'
import { realFaultEndMs } from '../faults/real-fault.ts'
import type { RealPart } from '../scenario.ts'
import { checkerContext } from '../world/lab-config.ts'
import { PrngStreams } from '../world/prng.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { DynoWatch } from './dyno-watch.ts'
import { MeasuredRun } from './measured-run.ts'
import { notJudgedNotes } from './not-judged.ts'
import { People } from './people.ts'
import { ProcessFaults } from './process-faults.ts'
import { ProcessWatch } from './process-watch.ts'
import { realConfig, realScenario } from './real-config.ts'
import { RealInjector } from './real-injector.ts'
import { RealStage } from './real-stage.ts'
import { RealTrace } from './real-trace.ts'

export interface RealRunEnvironment {
  /** Migrated; `describe` e.g. `PostgreSQL 18.4`. */
  readonly database: { readonly url: string; readonly describe: string }
  /** How many of the last trace lines to keep. */
  readonly keepLines: number
  /** Is told the ms of the run that are over. */
  onProgress?(atMs: number): void
}

/** The last messages get this long to be answered. */
const LAST_WORDS_MS = 5_000
const PROGRESS_EVERY_MS = 500

/** Runs and judges. @throws Error when the lab itself fails */
export async function runReal(request: RunRequest, environment: RealRunEnvironment): Promise<RunResult> {
  const run = new RealRun(request, environment)
  const startedMs = performance.now()
  const judgement = await run.live()
  const { scenario } = request
  return {
    scenario: scenario.id,
    family: scenario.family,
    level: 'real',
    target: request.target,
    seed: request.seed,
    ...judgement,
    // Real time is never the same twice: there is no hash to compare.
    traceHash: '',
    traceEvents: run.trace.count,
    virtualMs: run.trace.nowMs,
    wallMs: Math.round(performance.now() - startedMs),
    postgres: environment.database.describe,
    lines: run.trace.lines(),
    notes: run.notes,
    ...(run.measurements === undefined ? {} : { measurements: run.measurements }),
  }
}

class RealRun {
  readonly #environment: RealRunEnvironment
  readonly #part: RealPart
  readonly #seedText: string
  readonly #streams: PrngStreams
  readonly #judge: RunJudge
  readonly #processes: ProcessWatch
  readonly #connections: ConnectionWatch
  readonly #dynos: DynoWatch
  readonly #measured: MeasuredRun
  readonly trace: RealTrace
  measurements: Measurements | undefined
  #stage: RealStage | undefined
  #injector: RealInjector | undefined
  #failure: Error | undefined

  constructor(request: RunRequest, environment: RealRunEnvironment) {
    const { scenario, part } = realScenario(request.scenario)
    this.#measured = new MeasuredRun(request)
    this.#environment = environment
    this.#part = part
    this.#seedText = `${scenario.id}/${request.seed}`
    this.#streams = new PrngStreams(this.#seedText)
    const context = checkerContext(realConfig(scenario, part.settings), scenario)
    this.#judge = new RunJudge({ scenario, context, faultsEndMs: this.#faultsEndMs })
    this.trace = new RealTrace(environment.keepLines)
    this.trace.listen((event) => this.#judge.observe(event))
    this.trace.listen((event) => this.#measured.observe(event))
    const record = this.#record.bind(this)
    this.#processes = new ProcessWatch({ isBot: (line) => line.includes('bot-main'), record })
    this.#connections = new ConnectionWatch({
      serverPort: () => this.#stage?.whatsapp.port ?? 0,
      processes: () => {
        this.#processes.look()
        return this.#processes.living
      },
      record: (kind, data) => this.#record('whatsapp', kind, data),
    })
    this.#dynos = new DynoWatch({ processes: this.#processes, record })
  }

  get notes(): readonly string[] {
    const shortened = Object.entries(this.#part.settings).map(([name, value]) => `${name}=${value}`)
    return [
      ...(shortened.length === 0 ? [] : [`settings: ${shortened.join(' ')}`]),
      ...(this.#part.compress === 1 ? [] : [`Heroku's calendar is compressed ${this.#part.compress} times`]),
      ...this.#measured.notes,
      ...notJudgedNotes(this.#part.claims.always),
    ]
  }

  async live(): Promise<Judgement> {
    try {
      const stage = await this.#open()
      await this.#play(stage)
      if (this.#failure !== undefined) throw this.#failure
      const judgement = await this.#judgeNow(stage)
      this.measurements = this.#measured.take(stage)
      return judgement
    } finally {
      this.#judge.end()
      this.#processes.stop()
      await this.#stage?.close()
    }
  }

  async #open(): Promise<RealStage> {
    const { faults, settings, compress } = this.#part
    this.#stage = await RealStage.open({
      databaseUrl: this.#environment.database.url,
      seed: this.#seedText,
      compress,
      hasBalloon: this.#measured.needsAgent || faults.some(({ kind }) => kind === 'balloon'),
      settings,
      onServerEvent: (event) => this.#connections.observe(event),
      onDynoEvent: (event) => this.#dynos.observe(event),
      onLine: (line) => this.#dynos.observeLine(line),
    })
    return this.#stage
  }

  async #play(stage: RealStage): Promise<void> {
    const { durationMs, faults } = this.#part
    const processFaults = new ProcessFaults({
      processes: this.#processes,
      stream: this.#streams.stream('faults/processes'),
      record: this.#record.bind(this),
    })
    const people = this.#createPeople(stage)
    const injector = this.#createInjector(stage, processFaults)
    this.#injector = injector
    this.trace.begin()
    this.#measured.begin(stage)
    await stage.sim.start()
    injector.schedule(faults)
    people.start()
    try {
      await this.#waitUntil(Math.min(this.#faultsEndMs, durationMs))
      this.#judge.faultsEnded()
      await this.#waitUntil(durationMs)
    } finally {
      this.#measured.stop()
      people.stop()
      injector.stop()
      processFaults.stop()
    }
  }

  #createPeople(stage: RealStage): People {
    return new People({
      whatsapp: stage.whatsapp,
      account: stage.account,
      part: this.#part,
      untilMs: this.#part.durationMs - LAST_WORDS_MS,
      stream: this.#streams.stream('workload'),
      record: (kind, data) => this.#record('people', kind, data),
      onFailure: (error) => this.#fail('a message could not be sent', error),
    })
  }

  #createInjector(stage: RealStage, processes: ProcessFaults): RealInjector {
    const { whatsapp, account, database, sim, hub } = stage
    return new RealInjector({
      stream: this.#streams.stream('faults/time'),
      whatsapp,
      account,
      database,
      sim,
      processes,
      hub,
      record: (kind, data) => this.#record('fault', kind, data),
      onFailure: (error) => this.#fail('a fault could not be injected', error),
    })
  }

  /** What only the whole truth shows, told last. */
  async #judgeNow(stage: RealStage): Promise<Judgement> {
    await stage.whatsapp.idle()
    const truth = stage.whatsapp.truth()
    for (const reuse of truth.keyReuses)
      this.#record('whatsapp', 'wa.counter-reused', {
        isSameText: false,
        first: reuse.firstMessageId,
        second: reuse.secondMessageId,
      })
    for (const failure of truth.failures.filter(({ healedAtMs }) => healedAtMs === undefined))
      this.#record('whatsapp', 'wa.lost', { id: failure.id, reason: failure.error })
    for (const trouble of truth.troubles) this.#failure ??= new Error(`the fake WhatsApp failed: ${trouble}`)
    if (this.#failure !== undefined) throw this.#failure
    const atMs = this.trace.nowMs
    return this.#judge.judge({
      atMs,
      isWhole: atMs >= this.#part.durationMs,
      unstruck: this.#injector?.unstruck() ?? [],
    })
  }

  async #waitUntil(atMs: number): Promise<void> {
    while (this.#failure === undefined && this.trace.nowMs < atMs) {
      await delay(Math.min(PROGRESS_EVERY_MS, atMs - this.trace.nowMs))
      this.#environment.onProgress?.(this.trace.nowMs)
    }
  }

  get #faultsEndMs(): number {
    return Math.max(0, ...this.#part.faults.map(realFaultEndMs))
  }

  #record(...[source, kind, data]: Parameters<RealTrace['record']>): void {
    this.trace.record(source, kind, data)
  }

  #fail(what: string, error: unknown): void {
    this.#failure ??= new Error(`${what}: ${errorMessageOf(error)}`)
  }
}
