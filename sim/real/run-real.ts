/**
 * One run at the real level: the stage, the cast, and the same judge as in the virtual world. It lasts as long as it
 * says, and leaves nothing behind, also when it fails.
 */

import { errorMessageOf } from '../../src/errors.ts'
import type { Measurements } from '../assertions/measurements.ts'
import { RunJudge } from '../checkers/run-judge.ts'
import type { Judgement } from '../checkers/run-judge.ts'
import { realFaultEndMs } from '../faults/real-fault.ts'
import type { RealPart, Scenario } from '../scenario.ts'
import type { RealTarget } from '../targets/real/real-target.ts'
import type { TargetTrouble } from '../targets/real/target-troubles.ts'
import { checkerContext } from '../world/lab-config.ts'
import { PrngStreams } from '../world/prng.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { Cast } from './cast.ts'
import { wrongClocks } from './dyno-clocks.ts'
import { hostFailureOf } from './host-failure.ts'
import { MeasuredRun } from './measured-run.ts'
import { MemoryReadings } from './memory-readings.ts'
import { notJudgedNotes } from './not-judged.ts'
import { Observers } from './observers.ts'
import { realConfig, realScenario } from './real-config.ts'
import { RealStage } from './real-stage.ts'
import { openRunDatabase } from './run-database.ts'
import type { RunDatabase } from './run-database.ts'
import { tellTruth, wholeTruth } from './whole-truth.ts'
import { RunWait } from './run-wait.ts'
import { untilLinked } from './until-linked.ts'

export interface RealRunEnvironment {
  /** Migrated; `describe` e.g. `PostgreSQL 18.4`. */
  readonly database: { readonly url: string; readonly describe: string }
  readonly target: RealTarget
  /** How many of the last trace lines to keep. */
  readonly keepLines: number
  /** Is told the ms of the run that are over. */
  onProgress?(atMs: number): void
}

/** Runs and judges. @throws Error when the lab itself fails */
export async function runReal(request: RunRequest, environment: RealRunEnvironment): Promise<RunResult> {
  const run = new RealRun(request, environment)
  const startedMs = performance.now()
  const judgement = await run.live()
  const { scenario } = request
  const { trace } = run.observers
  return {
    scenario: scenario.id,
    family: scenario.family,
    level: 'real',
    target: request.target,
    seed: request.seed,
    ...judgement,
    // Real time is never the same twice: there is no hash to compare.
    traceHash: '',
    traceEvents: trace.count,
    virtualMs: trace.nowMs,
    wallMs: Math.round(performance.now() - startedMs),
    postgres: environment.database.describe,
    lines: trace.lines(),
    notes: run.notes,
    ...(run.measurements === undefined ? {} : { measurements: run.measurements }),
  }
}

class RealRun {
  readonly observers: Observers
  measurements: Measurements | undefined
  readonly #seedText: string
  readonly #environment: RealRunEnvironment
  readonly #scenario: Scenario
  readonly #part: RealPart
  readonly #streams: PrngStreams
  readonly #judge: RunJudge
  readonly #measured: MeasuredRun
  readonly #memoryEveryMs: number | undefined
  #readings: MemoryReadings | undefined
  #targetNotes: readonly string[] = []
  #database: RunDatabase | undefined
  #stage: RealStage | undefined
  #failure: Error | undefined
  readonly #wait = new RunWait({
    nowMs: () => this.observers.trace.nowMs,
    hasFailed: () => this.#failure !== undefined,
    onProgress: (atMs) => this.#environment.onProgress?.(atMs),
  })

  constructor(request: RunRequest, environment: RealRunEnvironment) {
    const { target, keepLines } = environment
    const { scenario, part } = realScenario(request.scenario, target)
    this.#measured = new MeasuredRun(request)
    this.#memoryEveryMs = request.memoryEveryMs
    this.#seedText = `${scenario.id}/${request.seed}`
    this.#environment = environment
    this.#scenario = scenario
    this.#part = part
    this.#streams = new PrngStreams(this.#seedText)
    const context = checkerContext(realConfig(scenario, part.settings), scenario)
    this.#judge = new RunJudge({ scenario, context })
    const whatsappPort = (): number => this.#stage?.whatsapp.port ?? 0
    this.observers = new Observers({ target, keepLines, whatsappPort })
    this.observers.listen((event) => this.#judge.observe(event))
    this.observers.listen((event) => this.#measured.observe(event))
  }

  /** What the reader of the result must know. */
  get notes(): readonly string[] {
    const { settings, compress, claims } = this.#part
    const shortened = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    return [
      ...(shortened.length === 0 ? [] : [`settings: ${shortened.join(' ')}`]),
      ...(compress === 1 ? [] : [`Heroku's calendar is compressed ${compress} times`]),
      ...this.#measured.notes,
      ...notJudgedNotes(claims.always, this.#environment.target),
      ...this.#targetNotes,
    ]
  }

  async live(): Promise<Judgement> {
    try {
      this.#database = await openRunDatabase(this.#part.faults, this.#environment.database)
      this.#stage = await this.#openStage(this.#database)
      const cast = this.#createCast(this.#stage)
      try {
        await this.#play(this.#stage, cast)
        const judgement = await this.#judgeNow(this.#stage, cast)
        this.measurements = this.#measured.take(this.#stage)
        this.#targetNotes = this.#troubles(this.#stage).flatMap(({ isFatal, message }) =>
          isFatal ? [] : message,
        )
        return judgement
      } finally {
        cast.stop()
        this.#measured.stop()
        this.#readings?.stop()
      }
    } finally {
      this.#judge.end()
      this.observers.stop()
      await this.#stage?.close()
      await this.#database?.close()
    }
  }

  async #openStage(database: RunDatabase): Promise<RealStage> {
    const { faults, settings, compress } = this.#part
    const { target } = this.#environment
    const { connections } = this.observers
    return RealStage.open({
      target,
      database,
      seed: this.#seedText,
      compress,
      isPaired: this.#scenario.isPaired,
      hasBalloon: this.#measured.needsAgent || faults.some(({ kind }) => kind === 'balloon'),
      hasDailyCycling: this.#scenario.dailyCycling,
      hasSigtermTwice: faults.some(
        (fault) => fault.kind === 'dyno-restart' && fault.repeatAfterMs !== undefined,
      ),
      clocks: wrongClocks(this.#scenario.clocks.maxSkewMs, faults, this.#streams),
      settings,
      onServerEvent: (event) => connections.observe(event),
      onDynoEvent: (event) => {
        this.observers.observeDyno(event)
        this.#failure ??= hostFailureOf(event)
      },
      onLine: (line) => this.observers.observeLine(line),
    })
  }

  #createCast(stage: RealStage): Cast {
    return new Cast({
      stage,
      observers: this.observers,
      part: this.#part,
      streams: this.#streams,
      hasOwner: !this.#scenario.isPaired && this.#environment.target.linking === 'seeded',
      onFailure: (what, error) => {
        this.#failure ??= new Error(`${what}: ${errorMessageOf(error)}`)
      },
    })
  }

  async #play(stage: RealStage, cast: Cast): Promise<void> {
    const { durationMs } = this.#part
    const isLinkedFirst = this.#environment.target.linking === 'qr'
    if (isLinkedFirst) this.observers.mute()
    else this.observers.begin()
    await stage.sim.start()
    if (isLinkedFirst) {
      await untilLinked({
        name: this.#environment.target.name,
        isOpen: () => this.observers.connections.openCount > 0,
        troubles: () => this.#troubles(stage),
      })
      this.observers.begin()
    }
    this.#measured.begin(stage)
    this.#readMemory()
    cast.start()
    await this.#wait.until(durationMs + (await this.#outliveFaults(cast)))
    if (this.#failure !== undefined) throw this.#failure
  }

  /**
   * Deadlines run once the last fault has really struck or been lifted, which may come later than it says.
   * @returns so much later, ms: the run lasts longer by it, or it would end before a deadline
   */
  async #outliveFaults(cast: Cast): Promise<number> {
    const { trace } = this.observers
    const { durationMs } = this.#part
    const endMs = Math.min(this.#faultsEndMs, durationMs)
    await this.#wait.until(endMs, () => cast.areFaultsOver || trace.nowMs >= durationMs)
    const atMs = trace.nowMs
    this.#judge.faultsEnded(atMs)
    return atMs - endMs
  }

  #readMemory(): void {
    if (this.#memoryEveryMs === undefined) return
    const { processes } = this.observers
    const record = this.observers.record.bind(this.observers)
    this.#readings = new MemoryReadings({ processes, everyMs: this.#memoryEveryMs, record })
  }

  #troubles({ whatsapp, preloads }: RealStage): readonly TargetTrouble[] {
    if (this.#failure !== undefined) throw this.#failure
    return this.observers.target.troubles(whatsapp.truth(), preloads.report)
  }

  /** What only the whole truth shows is told last. */
  async #judgeNow(stage: RealStage, cast: Cast): Promise<Judgement> {
    const truth = await wholeTruth(stage.whatsapp)
    tellTruth(truth, (kind, data) => this.observers.record('whatsapp', kind, data))
    const atMs = this.observers.trace.nowMs
    // Seen online, a bot keeps its phone silent. No scenario sets MARK_ONLINE_ON_CONNECT.
    if (truth.presences.some(({ type }) => type === 'available')) this.#judge.misdeed(atMs, 'was seen online')
    return this.#judge.judge({
      atMs,
      isWhole: atMs >= this.#part.durationMs,
      unstruck: cast.unstruck(),
    })
  }

  get #faultsEndMs(): number {
    return Math.max(0, ...this.#part.faults.map(realFaultEndMs))
  }
}
