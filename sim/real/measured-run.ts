/**
 * What one real run measured from outside: questions and answers as they pass in the trace, the rest at its end from
 * the server's truth and the simulator's record. Any bot can be measured so; nothing is asked of the bot itself.
 */

import { measureConnections, measureDyno, measureReplies } from '../assertions/measure.ts'
import type { Question, Reading } from '../assertions/measure.ts'
import type { Measurements } from '../assertions/measurements.ts'
import type { RunRequest } from '../world/run-result.ts'
import type { TraceEvent } from '../world/trace.ts'
import type { RealStage } from './real-stage.ts'

const QUESTION = /^\.ping (\d+)$/

export class MeasuredRun {
  readonly #questions: Question[] = []
  readonly #readings: Reading[] = []
  #startedAtMs = 0

  begin(startedAtMs: number): void {
    this.#startedAtMs = startedAtMs
  }

  /** Whoever asks in a group is answered to the group, so it is the chat that waits for the answer. */
  observe({ kind, atMs, data }: TraceEvent): void {
    const { chat, text, id } = data
    if (typeof chat !== 'string' || typeof text !== 'string') return
    if (kind === 'wa.sent' && typeof id === 'string') this.#readings.push({ reader: chat, text, id, atMs })
    const number = kind === 'wa.queued' ? QUESTION.exec(text)?.[1] : undefined
    if (number !== undefined) this.#questions.push({ asker: chat, answer: `pong ${number}`, atMs })
  }

  take(request: RunRequest, { whatsapp, account, sim }: RealStage, endedAtMs: number): Measurements {
    const truth = whatsapp.truth()
    const span = { startedAtMs: this.#startedAtMs, endedAtMs }
    return {
      scenario: request.scenario.id,
      target: request.target,
      level: request.level,
      seed: request.seed,
      durationMs: endedAtMs - span.startedAtMs,
      connections: measureConnections(truth.connections, span),
      qrScans: account.pairings,
      replies: measureReplies(this.#questions, this.#readings, truth.unhealedFailures),
      dyno: measureDyno(sim.record.events, sim.rules.quotaBytes, span),
    }
  }
}
