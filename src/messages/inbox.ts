/**
 * Takes commands in. `accept` returns when the command is durable, and only then does WhatsApp get its
 * acknowledgement; a crash after that loses nothing. Running commands is the worker's matter, delivering replies
 * the outbox's.
 *
 * Memory holds a bounded part of what the journal holds (see backlog.ts). A command costs two statements here,
 * one more when its handler must not run twice.
 */

import { AppError, errorCodeOf } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { InboundRecord, InboundState, MessageJournal, RecordedReply } from '../ports/message-journal.ts'
import type { InboundMessage } from '../ports/whatsapp-socket.ts'
import type { CommandMatch, CommandTable } from '../plugins/plugin.ts'
import { ActiveWork } from './active-work.ts'
import { Backlog } from './backlog.ts'
import { ChatLanes, type QueuedCommand } from './chat-lanes.ts'
import { CommandWorker } from './command-worker.ts'
import { EpochGuard } from './epoch-guard.ts'
import { commandIn } from './inbound-decision.ts'
import { keyOf } from './inbound-key.ts'
import { storableText } from './message-text.ts'

export interface InboxSettings {
  /** Commands sent longer ago than this when they arrive are passed by. */
  readonly maxAgeMs: number
  /** Commands in memory; what is beyond waits in the journal. Also the bound of recordings under way. */
  readonly maxQueued: number
  readonly maxConcurrentChats: number
  readonly handlerTimeoutMs: number
}

export interface InboxDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly journal: MessageJournal
  readonly registry: CommandTable
  /** The lease's epoch; undefined without a proven lease. */
  epoch(): number | undefined
  readonly outbox: { enqueue(reply: RecordedReply): void }
  newMessageId(): string
  isHeavyWorkAllowed(): boolean
  readonly settings: InboxSettings
}

/** After a journal call failed for good; the store behind it has backed off already. */
const RETRY_DELAY_MS = 10_000
/** Commands read from the journal at a time. */
const MAX_PAGE = 100

const PASSED_BY = Promise.resolve()

export class Inbox {
  readonly #deps: InboxDeps
  readonly #lanes: ChatLanes
  readonly #guard: EpochGuard
  readonly #backlog: Backlog<{ readonly message: InboundRecord; readonly state: InboundState }>
  readonly #worker: CommandWorker
  readonly #work = new ActiveWork()
  #recordings = 0
  /** By chat, the recordings under way of commands that have no place in memory: later ones must not overtake them. */
  readonly #unplaced = new Map<string, number>()
  #retryTimer: Timer | undefined
  #isStopped = false

  constructor(deps: InboxDeps) {
    const { journal, settings } = deps
    const pageSize = Math.min(settings.maxQueued, MAX_PAGE)
    this.#deps = deps
    this.#lanes = new ChatLanes(settings)
    this.#guard = new EpochGuard({ epoch: () => deps.epoch(), onChange: () => this.#forgetEverything() })
    this.#backlog = new Backlog({
      pageSize,
      read: () => journal.readUnhandled({ limit: pageSize }),
      keyOf: ({ message }) => keyOf(message),
      has: (key) => this.#lanes.get(key) !== undefined,
      add: ({ message, state }) => this.#addRemembered(message, state),
      hasRoom: () => this.#isWorthReading(pageSize),
      onFailure: (error) => this.#retryLater('inbox.read-failed', error),
    })
    this.#worker = new CommandWorker({
      runner: deps,
      journal,
      lanes: this.#lanes,
      guard: this.#guard,
      work: this.#work,
      onFinished: (command, reply) => this.#finish(command, reply),
      onFailure: (error) => this.#retryLater('inbox.handle-failed', error),
    })
  }

  /**
   * Resolves when the message needs no memory of ours or has been made durable.
   * @throws AppError `lease-lost`; `queue-full` when too many recordings are under way; `aborted` after `stop`;
   *   `store-*`. In each case the message has to stay with the server.
   */
  accept(message: InboundMessage): Promise<void> {
    const { clock, registry, settings } = this.#deps
    const match = commandIn(message, registry, clock.nowMs(), settings.maxAgeMs)
    return match === undefined ? PASSED_BY : this.#take(message, match)
  }

  /**
   * Reads what the journal still holds unhandled; call it after the start and after each gained lease. Resolves
   * when that was tried: a failure is logged and tried again by itself.
   */
  async resume(): Promise<void> {
    if (this.#isStopped || this.#guard.current() === undefined) return
    this.#lanes.releaseHeld()
    this.#backlog.markBehind()
    await this.#work.run(() => this.#catchUp())
    this.#startWork()
  }

  /** Takes nothing more in; resolves when running handlers are done and recorded. The rest stays in the journal. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#retryTimer?.cancel()
    await this.#work.idle()
  }

  /** Commands in memory, running ones included. */
  depth(): number {
    return this.#lanes.size
  }

  async #take(message: InboundMessage, match: CommandMatch): Promise<void> {
    if (this.#isStopped) throw new AppError('aborted', 'the inbox is stopped')
    const epoch = this.#guard.require()
    const queued = this.#lanes.get(keyOf(message))
    if (queued !== undefined) return queued.recording
    if (this.#recordings >= this.#deps.settings.maxQueued) {
      throw new AppError('queue-full', `${this.#recordings} commands are being recorded`)
    }
    const { chat, participant, id, sentAtMs } = message
    const record = { chat, participant, id, sentAtMs, text: storableText(message.text) }
    const command = newCommand(record, match, 'received')
    command.recording = this.#work.run(() => this.#record(command, epoch, this.#place(command)))
    return command.recording
  }

  /** Gives the command its place at once, so that its chat's order is the order of arrival. */
  #place(command: QueuedCommand): boolean {
    if (this.#backlog.isBehind || this.#unplaced.has(command.message.chat)) return false
    if (this.#lanes.hasRoomFor(command.message.text)) {
      this.#lanes.add(command)
      return true
    }
    this.#deps.logger.info('inbox.full', { depth: this.#lanes.size })
    this.#backlog.markBehind()
    return false
  }

  async #record(command: QueuedCommand, epoch: number, isPlaced: boolean): Promise<void> {
    const { clock, journal } = this.#deps
    this.#recordings += 1
    if (!isPlaced) this.#countUnplaced(command.message.chat, 1)
    try {
      const outcome = await journal.recordInbound({ epoch, nowMs: clock.nowMs(), message: command.message })
      if (outcome === 'stale-epoch') {
        this.#guard.refuse(epoch)
        throw new AppError('lease-lost', 'the session has a new owner')
      }
      if (outcome.state === 'handled') this.#lanes.remove(command)
      // A read that is under way may have missed it.
      else if (!isPlaced) this.#backlog.markBehind()
      command.state = outcome.state
      command.recording = undefined
    } catch (error) {
      this.#lanes.remove(command)
      throw error
    } finally {
      this.#recordings -= 1
      if (!isPlaced) this.#countUnplaced(command.message.chat, -1)
      this.#proceed()
    }
  }

  #countUnplaced(chat: string, change: 1 | -1): void {
    const count = (this.#unplaced.get(chat) ?? 0) + change
    if (count === 0) this.#unplaced.delete(chat)
    else this.#unplaced.set(chat, count)
  }

  #addRemembered(message: InboundRecord, state: InboundState): 'added' | 'full' | 'later' {
    if (this.#unplaced.has(message.chat)) return 'later'
    if (!this.#lanes.hasRoomFor(message.text)) return 'full'
    this.#lanes.add(newCommand(message, this.#deps.registry.find(message.text), state))
    return 'added'
  }

  #proceed(): void {
    this.#startWork()
    if (this.#backlog.wantsRead) void this.#work.run(() => this.#catchUp())
  }

  /** Half empty: a page then brings something new, as the queue holds less than a page. */
  #isWorthReading(pageSize: number): boolean {
    return !this.#isStopped && this.#lanes.isDownTo(Math.floor((pageSize - 1) / 2))
  }

  async #catchUp(): Promise<void> {
    if (this.#isStopped || this.#guard.current() === undefined) return
    await this.#backlog.catchUp()
    this.#startWork()
  }

  #startWork(): void {
    if (!this.#isStopped) this.#worker.start()
  }

  #finish(command: QueuedCommand, reply: RecordedReply | undefined): void {
    this.#backlog.noteFinished(command.key)
    if (reply !== undefined) this.#deps.outbox.enqueue(reply)
    this.#proceed()
  }

  #retryLater(event: string, error: unknown): void {
    this.#deps.logger.warn(event, { code: errorCodeOf(error) ?? 'unknown', depth: this.#lanes.size })
    if (this.#isStopped || this.#retryTimer !== undefined) return
    this.#retryTimer = this.#deps.clock.setTimer('inbox.retry', RETRY_DELAY_MS, () => {
      this.#retryTimer = undefined
      this.#lanes.releaseHeld()
      this.#proceed()
    })
  }

  #forgetEverything(): void {
    this.#lanes.clear()
    this.#backlog.forget()
  }
}

function newCommand(
  message: InboundRecord,
  match: CommandMatch | undefined,
  state: InboundState,
): QueuedCommand {
  return { key: keyOf(message), message, match, state, recording: undefined, answer: undefined }
}
