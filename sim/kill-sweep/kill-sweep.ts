/**
 * A sweep: kill points one after the other, on one lane or several beside each other. A lane has a Postgres server of
 * its own, because it kills it, and a stage that lives until a point leaves it in doubt; a pairing has one of its own.
 */

import { join } from 'node:path'
import type { KillSweepRequest, RunningSweep } from '../cli/lab-environment.ts'
import { startPostgres } from '../postgres/provider.ts'
import type { PostgresServer } from '../postgres/postgres-server.ts'
import type { KillPoint } from './kill-point.ts'
import { MUTANTS, buildMutant } from './mutants.ts'
import { PairingPoint } from './pairing-point.ts'
import type { PointOutcome } from './point-outcome.ts'
import { SHORTENED } from './sweep-stage.ts'
import { TrafficPoints } from './traffic-points.ts'
import { WRITE_OPERATIONS } from './write-operations.ts'

const APP_FOLDER = join(import.meta.dirname, '../..')

/** @throws InfrastructureError when the mutant cannot be made */
export function createKillSweep(request: KillSweepRequest): RunningSweep {
  const mutant = MUTANTS.find(({ name }) => name === request.mutant)
  const app = mutant && buildMutant(mutant, APP_FOLDER)
  const sweep = new KillSweep(request, app?.appFolder ?? APP_FOLDER)
  return {
    settings: SHORTENED,
    run: () => sweep.run(),
    stop: async () => {
      await sweep.stop()
      app?.remove()
    },
  }
}

/** Where points are run, one after the other. */
interface PointStage {
  readonly lines: readonly string[]
  /** Once, before the first point. */
  start(): Promise<void>
  run(point: KillPoint): Promise<PointOutcome>
  close(): Promise<void>
}

/** The people's memory of what they have read is bounded, and so is what one stage proves. */
const POINTS_PER_STAGE = 250

class KillSweep {
  readonly #request: KillSweepRequest
  readonly #appFolder: string
  /** Those that are still starting, too. */
  readonly #postgres = new Set<Promise<PostgresServer>>()
  readonly #openings = new Set<Promise<PointStage>>()
  readonly #stages = new Set<PointStage>()
  #next = 0
  #isStopped = false
  #stop: Promise<void> | undefined

  constructor(request: KillSweepRequest, appFolder: string) {
    this.#request = request
    this.#appFolder = appFolder
  }

  /** Resolves when all points are judged. @throws Error, InfrastructureError when the lab itself fails */
  async run(): Promise<void> {
    const { lanes, points } = this.#request
    const running = Array.from({ length: Math.min(lanes, points.length) }, (_, index) => this.#lane(index))
    try {
      await Promise.all(running)
    } finally {
      this.#isStopped = true
      await Promise.allSettled(running)
      await this.stop()
    }
  }

  /** SIGKILL for whatever runs; may be called twice, and at any time. */
  stop(): Promise<void> {
    this.#isStopped = true
    this.#stop ??= this.#closeAll()
    return this.#stop
  }

  async #lane(lane: number): Promise<void> {
    const postgres = await this.#startPostgres()
    let traffic: PointStage | undefined
    let judged = 0
    for (let point = this.#take(); point !== undefined; point = this.#take()) {
      const isPairing = isOfPairing(point)
      const present = isPairing ? undefined : traffic
      const seed = `${this.#request.seed}/${lane}/${judged}`
      const stage: PointStage = present ?? (await this.#open(isPairing, postgres, seed))
      const outcome = await stage.run(point)
      if (this.#isStopped) return
      judged += 1
      const isInDoubt = outcome.verdict !== 'holds'
      this.#request.onOutcome(outcome, isInDoubt ? [...stage.lines] : [])
      const isOver = isPairing || isInDoubt || judged % POINTS_PER_STAGE === 0
      if (isOver) await this.#close(stage)
      if (!isPairing) traffic = isOver ? undefined : stage
    }
  }

  #take(): KillPoint | undefined {
    if (this.#isStopped) return undefined
    return this.#request.points[this.#next++]
  }

  /** Booted. */
  async #open(isPairing: boolean, postgres: PostgresServer, seed: string): Promise<PointStage> {
    const options = { postgres, appFolder: this.#appFolder, settings: SHORTENED, seed }
    const opening = isPairing ? PairingPoint.open(options) : TrafficPoints.open(options)
    this.#openings.add(opening)
    const stage = await opening
    this.#stages.add(stage)
    this.#openings.delete(opening)
    // What ends the sweep closes it.
    if (this.#isStopped) throw new Error('the sweep was stopped')
    await stage.start()
    return stage
  }

  async #close(stage: PointStage): Promise<void> {
    await stage.close()
    this.#stages.delete(stage)
  }

  #startPostgres(): Promise<PostgresServer> {
    const { postgres: kind, databaseUrl } = this.#request
    const starting = startPostgres({
      kind,
      ...(databaseUrl === undefined || kind !== 'url' ? {} : { url: databaseUrl }),
      say: () => undefined,
    })
    this.#postgres.add(starting)
    return starting
  }

  async #closeAll(): Promise<void> {
    // What is just being opened joins the stages, or never was one.
    await Promise.allSettled(this.#openings)
    await Promise.allSettled([...this.#stages].map((stage) => stage.close()))
    await Promise.allSettled([...this.#postgres].map(async (starting) => (await starting).stop()))
  }
}

function isOfPairing({ operation }: KillPoint): boolean {
  return WRITE_OPERATIONS.some(({ name, stimulus }) => name === operation && stimulus === 'pairing')
}
