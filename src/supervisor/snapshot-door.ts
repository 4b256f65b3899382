/** Heap snapshots of the bot, asked for over its channel; remembers where the newest one is. */

import { AppError } from '../errors.ts'
import type { SnapshotAnswer, SnapshotDoor, SnapshotFile } from '../health/health-source.ts'
import type { Clock } from '../ports/clock.ts'
import type { BotAnswer } from './process-messages.ts'

export function snapshotDoor(deps: {
  readonly clock: Clock
  ask(question: 'snapshot'): Promise<BotAnswer>
}): SnapshotDoor {
  let newest: SnapshotFile | undefined
  return {
    newest: () => newest,
    take: async (): Promise<SnapshotAnswer> => {
      const answer = await deps.ask('snapshot')
      if (answer.status === 'refused') return answer
      const { path, bytes, durationMs } = answer.result
      if (typeof path !== 'string' || typeof bytes !== 'number' || typeof durationMs !== 'number')
        throw new AppError('aborted', 'the bot took a snapshot and did not say where it is')
      newest = { path, bytes, takenAtMs: deps.clock.nowMs() }
      return { status: 'taken', bytes, durationMs }
    },
  }
}
