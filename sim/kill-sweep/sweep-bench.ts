/**
 * A sweep's stage together with those who watch it from outside: the bot's processes, the database's clients, the
 * logins, the dyno's log. It kills Postgres and lets it come back. Nothing here judges.
 */

import { setTimeout as delay } from 'node:timers/promises'
import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import type { PostgresServer } from '../postgres/postgres-server.ts'
import { ProcessWatch } from '../real/process-watch.ts'
import { DatabaseClients } from './database-clients.ts'
import type { KillPoint } from './kill-point.ts'
import { LoginWatch } from './login-watch.ts'
import { Strike } from './strike.ts'
import { openSweepStage } from './sweep-stage.ts'
import type { SweepStage } from './sweep-stage.ts'

export interface SweepBenchOptions {
  readonly postgres: PostgresServer
  readonly appFolder: string
  readonly seed: string
  readonly settings: Readonly<Record<string, string>>
  /** As of the stage. */
  readonly isLinked: boolean
}

const KEPT_LINES = 200
const LOOK_EVERY_MS = 15

export class SweepBench {
  readonly clients: DatabaseClients
  readonly logins = new LoginWatch(() => (this.#stage?.account.linkedDevices.length ?? 0) > 0)
  readonly processes: ProcessWatch
  readonly #postgres: PostgresServer
  /** Boot → the dyno's first process. */
  readonly #supervisors = new Map<number, number>()
  readonly #lines: string[] = []
  #stage: SweepStage | undefined
  #failure: unknown

  private constructor(postgres: PostgresServer) {
    this.#postgres = postgres
    this.processes = new ProcessWatch({
      isBot: (line) => line.includes('bot-main'),
      record: () => undefined,
    })
    this.clients = new DatabaseClients({
      proxyPort: () => this.#stage?.database.port ?? 0,
      processes: () => {
        this.processes.look()
        return this.processes.living
      },
    })
  }

  /** Everything but the first boot. @throws InfrastructureError, Error */
  static async open(options: SweepBenchOptions): Promise<SweepBench> {
    const bench = new SweepBench(options.postgres)
    try {
      bench.#stage = await openSweepStage({
        ...options,
        onServerEvent: (event) => bench.logins.observe(event),
        onDynoEvent: (event) => bench.#observe(event),
        onLine: ({ text }) => bench.#keep(text),
        onSession: (backendPid, clientPort) => bench.clients.began(backendPid, clientPort),
      })
      return bench
    } catch (error) {
      bench.processes.stop()
      throw error
    }
  }

  get stage(): SweepStage {
    if (this.#stage === undefined) throw new Error('the stage is not open')
    return this.#stage
  }

  /** The dyno's last log lines. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** One bot lives and is logged in, and its dyno is up. */
  get isUp(): boolean {
    return this.logins.open === 1 && this.processes.living.length === 1 && this.stage.sim.state === 'up'
  }

  /** Sets the trap of the point. */
  arm(point: KillPoint): Strike {
    return new Strike({
      point,
      database: this.stage.database,
      processAt: (clientPort) => this.clients.processAt(clientPort),
      supervisorOf: (boot) => this.#supervisors.get(boot),
      killPostgres: () => this.#killPostgres(),
    })
  }

  /** @throws InfrastructureError when it does not come back */
  async revivePostgres(): Promise<void> {
    const { database, databaseUrl, audit } = this.stage
    const back = new URL((await this.#postgres.faults?.comeBack()) ?? databaseUrl)
    const upstream = new URL(databaseUrl)
    if (upstream.port === back.port) return
    upstream.port = back.port
    audit.moved(upstream.href)
    await database.failOver({ upstreamUrl: upstream.href, address: 'kept' })
  }

  /** The lab itself has failed: whoever waits learns of it. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  /**
   * False when patience was over first. Only looks that were really made count: on a machine that starves us, the bot
   * starves, too.
   * @throws Error when the lab itself failed
   */
  async until(isMet: () => boolean, withinMs: number): Promise<boolean> {
    for (let looks = 0; !isMet(); looks += 1) {
      this.assertSound()
      if (looks * LOOK_EVERY_MS > withinMs) return false
      await delay(LOOK_EVERY_MS)
    }
    return true
  }

  /** @throws Error when the lab itself failed */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** SIGKILL for whatever still runs, and an end for whoever waits; may be called twice. */
  async close(): Promise<void> {
    this.fail(new Error('the stage of the sweep was closed'))
    this.processes.stop()
    await this.#stage?.close()
  }

  /** Begins at once, by signals. @throws Error when the server is not ours */
  async #killPostgres(): Promise<void> {
    const { faults } = this.#postgres
    if (faults === undefined) throw new Error('this Postgres is not ours to kill')
    await faults.goDown('kill')
  }

  #observe(event: DynoEvent): void {
    if (event.kind === 'started') {
      this.#supervisors.set(event.boot, event.pid)
      this.processes.dynoStarted(event.boot, event.pid)
    }
    if (event.kind === 'ended') this.processes.dynoEnded(event.boot)
  }

  #keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length > KEPT_LINES) this.#lines.splice(0, this.#lines.length - KEPT_LINES)
  }
}
