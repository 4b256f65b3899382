/**
 * Takes commands from the lanes, has each answered and records "handled" and the reply in one statement. The one
 * surprising thing: when that statement fails it may have landed all the same, so the command stays first in its
 * lane together with its reply, the reply's id and its time, and only the statement is repeated, never the handler.
 */

import { errorCodeOf } from '../errors.ts'
import type { MessageJournal, RecordedReply } from '../ports/message-journal.ts'
import type { ActiveWork } from './active-work.ts'
import type { ChatLanes, QueuedCommand } from './chat-lanes.ts'
import { answerCommand, type CommandRunnerDeps } from './command-runner.ts'
import type { EpochGuard } from './epoch-guard.ts'
import { identityOf } from './inbound-key.ts'

export interface CommandWorkerDeps {
  readonly runner: CommandRunnerDeps
  readonly journal: Pick<MessageJournal, 'recordHandled'>
  readonly lanes: ChatLanes
  readonly guard: EpochGuard
  readonly work: ActiveWork
  /** The journal has it, and it has left its lane. */
  onFinished(command: QueuedCommand, reply: RecordedReply | undefined): void
  /** It stays in its lane, held until the lanes are released. */
  onFailure(error: unknown): void
}

export class CommandWorker {
  readonly #deps: CommandWorkerDeps
  #lastHandledAtMs = 0

  constructor(deps: CommandWorkerDeps) {
    this.#deps = deps
  }

  /** Begins all commands whose turn it is; does nothing without a lease. */
  start(): void {
    const { lanes, guard, work } = this.#deps
    const epoch = guard.current()
    if (epoch === undefined) return
    for (let next = lanes.takeNext(); next !== undefined; next = lanes.takeNext()) {
      const command = next
      void work.run(() => this.#handle(command, epoch))
    }
  }

  async #handle(command: QueuedCommand, epoch: number): Promise<void> {
    try {
      const outcome = await this.#answerAndRecord(command, epoch)
      if (outcome === 'stale-epoch') this.#deps.guard.refuse(epoch)
    } catch (error) {
      // Anything else is a bug of ours, and stops the process.
      if (errorCodeOf(error) === undefined) throw error
      this.#deps.lanes.hold(command)
      this.#deps.onFailure(error)
      return this.start()
    }
    // Dropped meanwhile: under the next epoch command and reply are read from the journal.
    if (!this.#deps.lanes.holds(command)) return
    this.#deps.lanes.remove(command)
    this.#deps.onFinished(command, recordedReplyOf(command))
  }

  async #answerAndRecord(command: QueuedCommand, epoch: number): Promise<'written' | 'stale-epoch'> {
    if (command.answer === undefined) {
      const reply = await answerCommand(this.#deps.runner, command, epoch)
      command.answer = { reply, handledAtMs: this.#nextHandledAtMs() }
    }
    const { reply, handledAtMs: nowMs } = command.answer
    return this.#deps.journal.recordHandled({ epoch, nowMs, key: identityOf(command.message), reply })
  }

  /** Strictly growing: pending replies are read in this order, and a chat's replies must keep theirs. */
  #nextHandledAtMs(): number {
    this.#lastHandledAtMs = Math.max(this.#deps.runner.clock.nowMs(), this.#lastHandledAtMs + 1)
    return this.#lastHandledAtMs
  }
}

function recordedReplyOf({ answer }: QueuedCommand): RecordedReply | undefined {
  return answer?.reply === undefined ? undefined : { ...answer.reply, recordedAtMs: answer.handledAtMs }
}
