/**
 * Kill points of a bot at work: a stage with people who write all the time. One point after the other: the write is
 * brought about, the victim killed at its moment, more is asked at once, and when everybody has an answer, or patience
 * is over, all claims are judged. The stage is as good as new after a point that holds; after another it is not.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '../postgres/postgres-server.ts'
import { ProcessWatch } from '../real/process-watch.ts'
import type { TruthSnapshot } from '../whatsapp/truth-snapshot.ts'
import { DatabaseClients } from './database-clients.ts'
import type { KillPoint } from './kill-point.ts'
import { LoginWatch } from './login-watch.ts'
import type { PointOutcome, SweepViolation } from './point-outcome.ts'
import { StaleWriteJudge } from './stale-writes.ts'
import { Strike } from './strike.ts'
import { openSweepStage } from './sweep-stage.ts'
import type { SweepStage } from './sweep-stage.ts'
import { SweepPeople } from './sweep-people.ts'
import { WRITE_OPERATIONS } from './write-operations.ts'

export interface TrafficOptions {
  readonly postgres: PostgresServer
  readonly appFolder: string
  readonly seed: string
  readonly settings: Readonly<Record<string, string>>
}

/** What a write is waited for, and what people wait for an answer. */
const STRIKE_WITHIN_MS = 20_000
const ANSWERS_WITHIN_MS = 30_000
/** What a message that could not be read may take to heal once all is answered: a retry receipt and its answer. */
const HEAL_WITHIN_MS = 5_000
const ASK_EVERY_MS = 60
const LOOK_EVERY_MS = 15

export class TrafficPoints {
  readonly #options: TrafficOptions
  readonly #stage: SweepStage
  readonly #people: SweepPeople
  readonly #processes: ProcessWatch
  readonly #clients: DatabaseClients
  readonly #logins: LoginWatch
  readonly #supervisors: ReadonlyMap<number, number>
  readonly #staleWrites = new StaleWriteJudge()
  readonly #lines: readonly string[]
  #truth: TruthSnapshot
  #boots = 0
  #failure: unknown

  private constructor(options: TrafficOptions, parts: Parts) {
    this.#options = options
    this.#stage = parts.stage
    this.#processes = parts.processes
    this.#clients = parts.clients
    this.#logins = parts.logins
    this.#supervisors = parts.supervisors
    this.#lines = parts.lines
    const { whatsapp, account } = parts.stage
    this.#people = new SweepPeople(whatsapp, account, (error) => (this.#failure ??= error))
    this.#truth = whatsapp.truth()
  }

  /** Boots; resolves when everybody has got a first answer. @throws Error, InfrastructureError */
  static async open(options: TrafficOptions): Promise<TrafficPoints> {
    const points = new TrafficPoints(options, await openParts(options))
    try {
      await points.#start()
      return points
    } catch (error) {
      await points.close()
      throw error
    }
  }

  /** The dyno's last log lines. */
  get lines(): readonly string[] {
    return this.#lines
  }

  async close(): Promise<void> {
    this.#processes.stop()
    await this.#stage.close()
  }

  /** @throws Error when the lab itself fails */
  async run(point: KillPoint): Promise<PointOutcome> {
    const startedMs = performance.now()
    await this.#until(() => this.#isCalm, ANSWERS_WITHIN_MS)
    const strike = this.#arm(point)
    try {
      await this.#bringAbout(point, strike)
      if (!strike.hasStruck) return outcome(point, 'vacuous', [], undefined, startedMs)
      const { atMs } = await strike.struck()
      this.#people.askAll()
      if (point.victim === 'postgres') await this.#comeBack()
      const isAnswered = await this.#until(() => this.#isCalm, ANSWERS_WITHIN_MS)
      const recoveredAfterMs = isAnswered ? Math.round(performance.now() - atMs) : undefined
      strike.end()
      const violations = await this.#judge()
      return outcome(
        point,
        violations.length === 0 ? 'holds' : 'broken',
        violations,
        recoveredAfterMs,
        startedMs,
      )
    } finally {
      strike.end()
    }
  }

  async #start(): Promise<void> {
    await this.#stage.sim.start()
    this.#people.askAll()
    if (await this.#until(() => this.#isCalm, ANSWERS_WITHIN_MS)) return
    throw new Error(`the bot did not answer before anybody was killed:\n${this.#lines.slice(-5).join('\n')}`)
  }

  #arm(point: KillPoint): Strike {
    return new Strike({
      point,
      database: this.#stage.database,
      processAt: (clientPort) => this.#clients.processAt(clientPort),
      supervisorOf: (boot) => this.#supervisors.get(boot),
      killPostgres: async () => {
        const { faults } = this.#options.postgres
        if (faults === undefined) throw new Error('this Postgres is not ours to kill')
        await faults.goDown('kill')
      },
    })
  }

  async #bringAbout({ operation }: KillPoint, strike: Strike): Promise<void> {
    const stimulus = WRITE_OPERATIONS.find(({ name }) => name === operation)?.stimulus
    const endMs = performance.now() + STRIKE_WITHIN_MS
    while (!strike.hasStruck && performance.now() < endMs) {
      switch (stimulus) {
        case 'message':
          this.#people.askNext()
          break
        case 'new-contact':
          this.#people.ask('newcomer')
          break
        case 'boot':
          this.#boot()
          break
        case 'stop':
          this.#stage.sim.restart()
          break
        case 'time':
        case undefined:
      }
      const isLong = stimulus === 'boot' || stimulus === 'stop'
      const nextMs = performance.now() + ASK_EVERY_MS
      await this.#until(
        () => strike.hasStruck || (performance.now() > nextMs && (!isLong || this.#isCalm)),
        endMs - performance.now(),
      )
    }
  }

  /** A crash and an orderly restart in turn. */
  #boot(): void {
    const bot = this.#processes.living.at(-1)
    this.#boots += 1
    if (this.#boots % 2 === 0 || bot === undefined) this.#stage.sim.restart()
    else process.kill(bot.pid, 'SIGKILL')
  }

  async #comeBack(): Promise<void> {
    const { database, databaseUrl, audit } = this.#stage
    const { faults } = this.#options.postgres
    const back = new URL((await faults?.comeBack()) ?? databaseUrl)
    const upstream = new URL(databaseUrl)
    if (upstream.port === back.port) return
    upstream.port = back.port
    audit.moved(upstream.href)
    await database.failOver({ upstreamUrl: upstream.href, address: 'kept' })
  }

  /** Nothing is owed to anybody, and one bot is logged in. */
  get #isCalm(): boolean {
    return (
      this.#people.owed.length === 0 &&
      this.#logins.open === 1 &&
      this.#processes.living.length === 1 &&
      this.#stage.sim.state === 'up'
    )
  }

  async #judge(): Promise<SweepViolation[]> {
    const { whatsapp, audit } = this.#stage
    await whatsapp.idle()
    await this.#until(() => whatsapp.truth().unhealedFailures === 0, HEAL_WITHIN_MS)
    const rows = await audit.take()
    const stale = this.#staleWrites.judge(rows, ({ backendPid, atMs }) =>
      this.#clients.nameOf(backendPid, atMs),
    )
    this.#clients.prune()
    const before = this.#truth
    const truth = whatsapp.truth()
    this.#truth = truth
    for (const trouble of truth.troubles) this.#failure ??= new Error(`the fake WhatsApp failed: ${trouble}`)
    this.#assertSound()
    return [
      ...this.#answerViolations(),
      ...stale.map(({ table, epoch, writer, holder }) => ({
        claim: 'no-stale-write' as const,
        message: `${writer} wrote into ${table} when ${holder ?? 'nobody'} held the session (epoch ${epoch})`,
      })),
      ...truth.failures
        .filter(({ healedAtMs }) => healedAtMs === undefined)
        .map(({ at, error }) => ({
          claim: 'decryption-heals' as const,
          message: `${at} is left with: ${error}`,
        })),
      ...truth.keyReuses.slice(before.keyReuses.length).map(({ firstMessageId, secondMessageId }) => ({
        claim: 'no-key-reuse' as const,
        message: `${firstMessageId} and ${secondMessageId}`,
      })),
    ]
  }

  #answerViolations(): SweepViolation[] {
    const { mostAtOnce, qrCodes } = this.#logins.take()
    const { owed } = this.#people
    const repeated = this.#people.takeRepeated()
    const violations: SweepViolation[] = []
    if (qrCodes > 0 || this.#logins.open === 0)
      violations.push({
        claim: 'login-without-qr',
        message: qrCodes > 0 ? `${qrCodes} QR codes were shown` : 'nobody is logged in',
      })
    if (owed.length > 0)
      violations.push({ claim: 'answered-once', message: `no answer to ${owed.join(', ')}` })
    if (repeated.length > 0)
      violations.push({ claim: 'answered-once', message: `more than one answer to ${repeated.join(', ')}` })
    if (mostAtOnce > 1) violations.push({ claim: 'one-login', message: `${mostAtOnce} at once` })
    return violations
  }

  /** False when patience was over first. @throws Error when the lab itself fails */
  async #until(isMet: () => boolean, withinMs: number): Promise<boolean> {
    const endMs = performance.now() + withinMs
    while (!isMet()) {
      this.#assertSound()
      if (performance.now() > endMs) return false
      await delay(LOOK_EVERY_MS)
    }
    return true
  }

  #assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

function outcome(
  point: KillPoint,
  verdict: PointOutcome['verdict'],
  violations: readonly SweepViolation[],
  recoveredAfterMs: number | undefined,
  startedMs: number,
): PointOutcome {
  return {
    point,
    verdict,
    violations,
    recoveredAfterMs,
    tookMs: Math.round(performance.now() - startedMs),
  }
}

interface Parts {
  readonly stage: SweepStage
  readonly processes: ProcessWatch
  readonly clients: DatabaseClients
  readonly logins: LoginWatch
  readonly supervisors: ReadonlyMap<number, number>
  readonly lines: readonly string[]
}

const KEPT_LINES = 200

/** The stage, and those who watch it. */
async function openParts(options: TrafficOptions): Promise<Parts> {
  const supervisors = new Map<number, number>()
  const lines: string[] = []
  const logins = new LoginWatch()
  const processes = new ProcessWatch({ isBot: (line) => line.includes('bot-main'), record: () => undefined })
  let stage: SweepStage | undefined
  const clients = new DatabaseClients({
    proxyPort: () => stage?.database.port ?? 0,
    processes: () => {
      processes.look()
      return processes.living
    },
  })
  try {
    stage = await openSweepStage({
      ...options,
      onServerEvent: (event) => logins.observe(event),
      onDynoEvent: (event) => {
        if (event.kind === 'started') {
          supervisors.set(event.boot, event.pid)
          processes.dynoStarted(event.boot, event.pid)
        }
        if (event.kind === 'ended') processes.dynoEnded(event.boot)
      },
      onLine: ({ text }) => {
        lines.push(text)
        if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES)
      },
      onSession: (backendPid, clientPort) => clients.began(backendPid, clientPort),
    })
    return { stage, processes, clients, logins, supervisors, lines }
  } catch (error) {
    processes.stop()
    throw error
  }
}
