/**
 * What a command works with: the engine (scenarios, Postgres, the worker's program), the terminal, and the
 * lifetime that owns whatever it opens. Tests hand in an engine of their own.
 */

import type { Terminal } from '../report/terminal.ts'
import type { Scenario } from '../scenario.ts'
import type { Lifetime } from './lifetime.ts'
import type { KillPoint } from '../kill-sweep/kill-point.ts'
import type { PointOutcome } from '../kill-sweep/point-outcome.ts'

export const POSTGRES_KINDS = ['auto', 'container', 'embedded', 'url'] as const
export type PostgresKind = (typeof POSTGRES_KINDS)[number]

export interface PostgresOptions {
  readonly kind: PostgresKind
  /** For `url`. */
  readonly url?: string
  say(line: string): void
}

export interface WorkerDatabase {
  readonly url: string
  drop(): Promise<void>
}

export interface RunningPostgres {
  /** What `auto` came to. */
  readonly kind: string
  /** E.g. `embedded 18.4`. */
  readonly describe: string
  createDatabase(): Promise<WorkerDatabase>
  stop(): Promise<void>
}

/** One line of `doctor`. */
export interface Finding {
  readonly subject: string
  readonly isUsable: boolean
  readonly detail: string
}

export interface LabEngine {
  readonly scenarios: readonly Scenario[]
  /** Ids by name of the subset, for `--subset`. */
  readonly subsets: Readonly<Record<string, readonly string[]>>
  /** The program of a worker process; it calls `serveRuns`. */
  readonly workerUrl: URL
  /** @throws InfrastructureError */
  startPostgres(options: PostgresOptions): Promise<RunningPostgres>
  /** Whether a Docker engine answers and holds the image; never pulls anything. */
  inspectDocker(): Promise<Finding>
  /** What runs at the real level need before the first one: the bot compiled. @throws InfrastructureError */
  buildBot(say: (line: string) => void): Promise<void>
  /** The same for runs in containers: its image. @throws InfrastructureError */
  buildBotImage(say: (line: string) => void): Promise<void>
  /**
   * Whether dynos can run in the image here.
   * @param without how to do without an engine, for the hint
   * @throws InfrastructureError
   */
  checkImage(image: string, without: string): Promise<void>
  /** Runnable processes of the machine per core, over the last minute. */
  loadPerCore(): number
  /** Not begun; the bot has been compiled. @throws InfrastructureError when a mutant cannot be made */
  createKillSweep(request: KillSweepRequest): Promise<RunningSweep>
}

export interface KillSweepRequest {
  readonly points: readonly KillPoint[]
  readonly lanes: number
  readonly seed: number
  readonly postgres: PostgresKind
  /** For `url`. */
  readonly databaseUrl?: string
  /** A bot broken on purpose. */
  readonly mutant: string | undefined
  /** @param lines the dyno's last log lines; only of a point that does not hold */
  onOutcome(outcome: PointOutcome, lines: readonly string[]): void
}

export interface RunningSweep {
  /** Of the bot, and explicitly other than in production. */
  readonly settings: Readonly<Record<string, string>>
  /** Resolves when all points are judged. @throws InfrastructureError, Error when the lab itself fails */
  run(): Promise<void>
  /** Leaves nothing; at any time, and twice. */
  stop(): Promise<void>
}

export interface LabEnvironment {
  readonly engine: LabEngine
  readonly terminal: Terminal
  readonly lifetime: Lifetime
  /** Where relative paths begin and `.lab` is written. */
  readonly directory: string
  /** The environment's DATABASE_URL, used by `--postgres url` only. */
  readonly databaseUrl: string | undefined
  readonly cores: number
}
