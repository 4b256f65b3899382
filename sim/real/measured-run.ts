/**
 * What one real run measured from outside: questions and answers as they pass in the trace, memory after collections
 * where the run makes them, the rest at its end from the server's truth and the simulator's record.
 */

import { availableParallelism, loadavg } from 'node:os'
import { measureConnections, measureDyno, measureReplies } from '../assertions/measure.ts'
import type { Question, Reading } from '../assertions/measure.ts'
import type { Measurements } from '../assertions/measurements.ts'
import type { RunRequest } from '../world/run-result.ts'
import type { TraceEvent } from '../world/trace.ts'
import { COLLECT_EVERY_MS, CollectedMemory } from './collected-memory.ts'
import type { RealStage } from './real-stage.ts'
import { RestartWatch } from './restart-watch.ts'

const QUESTION = /^\.ping (\d+)$/

export class MeasuredRun {
  readonly #request: RunRequest
  readonly #questions: Question[] = []
  readonly #readings: Reading[] = []
  readonly #restarts = new RestartWatch()
  #peakBytes: number | undefined
  #startedAtMs = 0
  #earlierScans = 0
  #loadBefore = 0
  #collected: CollectedMemory | undefined

  constructor(request: RunRequest) {
    this.#request = request
  }

  /** Whether the stage must bring its agent into the processes. */
  get needsAgent(): boolean {
    return this.#request.collectsGarbage === true
  }

  get notes(): readonly string[] {
    const seconds = COLLECT_EVERY_MS / 1_000
    return this.needsAgent
      ? [`garbage was collected every ${seconds} s for the slope: memory is lower than without`]
      : []
  }

  /** The run's clock shows 0 now. */
  begin({ hub, account }: RealStage): void {
    const startedMs = performance.now()
    this.#startedAtMs = Date.now()
    this.#earlierScans = account.pairings
    this.#loadBefore = loadAverage()
    if (!this.needsAgent || hub === undefined) return
    this.#collected = new CollectedMemory({ hub, nowMs: () => Math.round(performance.now() - startedMs) })
    this.#collected.start()
  }

  stop(): void {
    this.#collected?.stop()
  }

  /** Whoever asks in a group is answered to the group, so it is the chat that waits for the answer. */
  observe(event: TraceEvent): void {
    this.#restarts.observe(event)
    const { kind, atMs, data } = event
    if (kind === 'dyno.reading') this.#peakBytes = Math.max(this.#peakBytes ?? 0, Number(data['usedBytes']))
    const { chat, text, id } = data
    if (typeof chat !== 'string' || typeof text !== 'string') return
    if (kind === 'wa.sent' && typeof id === 'string') this.#readings.push({ reader: chat, text, id, atMs })
    const number = kind === 'wa.queued' ? QUESTION.exec(text)?.[1] : undefined
    if (number !== undefined) this.#questions.push({ asker: chat, answer: `pong ${number}`, atMs })
  }

  /** The run has just ended, and its stage is still open. */
  take({ whatsapp, account, sim }: RealStage): Measurements {
    const { scenario, target, level, seed } = this.#request
    const truth = whatsapp.truth()
    const span = { startedAtMs: this.#startedAtMs, endedAtMs: Date.now() }
    const collected = this.#collected?.samples ?? []
    return {
      scenario: scenario.id,
      target,
      level,
      seed,
      durationMs: span.endedAtMs - span.startedAtMs,
      machine: { cores: availableParallelism(), load: [this.#loadBefore, loadAverage()] },
      connections: measureConnections(truth.connections, span),
      qrScans: account.pairings,
      laterScans: account.pairings - this.#earlierScans,
      restarts: this.#restarts.restarts,
      replies: measureReplies(this.#questions, this.#readings, truth.unhealedFailures),
      dyno: {
        ...measureDyno({ events: sim.record.events, quotaBytes: sim.rules.quotaBytes, collected }, span),
        ...(this.#peakBytes === undefined ? {} : { peakBytes: this.#peakBytes }),
      },
    }
  }
}

function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10
}
