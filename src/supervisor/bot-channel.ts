/**
 * The bot's end of the channel to its supervisor: sends a heartbeat with the bot's status, does what it is
 * told, and ends the bot when the supervisor has gone, so that none is left behind. Surprising: the heartbeat
 * is a timer of the event loop like any other, because that is what it proves: a loop that turns.
 */

import type { BotStatus } from '../bot-status.ts'
import { errorMessageOf } from '../errors.ts'
import type { ParentProcess } from '../ports/child-process.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { readToBot, toMessage } from './process-messages.ts'
import type { BotAnswer, BotQuestion, FromBot, ToBot } from './process-messages.ts'

export interface BotChannelDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly parent: ParentProcess
  readonly heartbeatIntervalMs: number
  status(): BotStatus
  /** To be typed into the owner's phone, while pairing by number. */
  pairingCode(): string | undefined
  /** Stop in order and end; may be called more than once. */
  terminate(): void
  /** End in order so that a fresh process follows; may be called more than once. */
  recycle(): void
  /** Settles with the answer; what it throws becomes a refusal. */
  answer(question: BotQuestion): Promise<BotAnswer>
}

/** News within this time is told together. */
const NEWS_AFTER_MS = 100

export class BotChannel {
  readonly #deps: BotChannelDeps
  #timer: Timer | undefined
  #newsTimer: Timer | undefined
  #isStopped = false

  constructor(deps: BotChannelDeps) {
    this.#deps = deps
  }

  /** The first heartbeat is sent at once. */
  start(): void {
    const { parent, logger } = this.#deps
    parent.onMessage((message) => this.#obey(readToBot(message)))
    parent.onClosed(() => {
      if (this.#isStopped) return
      logger.error('channel.supervisor-gone')
      this.#deps.terminate()
    })
    this.#beat(0)
  }

  /** Something has changed: a heartbeat soon, so that health and pages need not wait for the next one. */
  news(): void {
    if (this.#isStopped || this.#newsTimer !== undefined) return
    this.#newsTimer = this.#deps.clock.setTimer('channel.news', NEWS_AFTER_MS, () => {
      this.#newsTimer = undefined
      this.#tell(0)
    })
  }

  /** No further heartbeat; may be called twice. While the bot stops it still beats: a hang then is one too. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#newsTimer?.cancel()
  }

  #beat(latenessMs: number): void {
    const { clock, heartbeatIntervalMs } = this.#deps
    this.#tell(latenessMs)
    const dueMs = clock.monotonicMs() + heartbeatIntervalMs
    this.#timer = clock.setTimer('channel.heartbeat', heartbeatIntervalMs, () => {
      if (!this.#isStopped) this.#beat(Math.max(0, clock.monotonicMs() - dueMs))
    })
  }

  #tell(latenessMs: number): void {
    const [status, pairingCode] = [this.#deps.status(), this.#deps.pairingCode()]
    this.#send({ type: 'heartbeat', latenessMs, status, pairingCode })
  }

  #obey(message: ToBot | undefined): void {
    switch (message?.type) {
      case 'terminate':
        return this.#deps.terminate()
      case 'recycle':
        return this.#deps.recycle()
      case 'question':
        void this.#answer(message)
        return
      case undefined:
        return this.#deps.logger.warn('channel.message-unknown')
      default:
        return message satisfies never
    }
  }

  /** Never rejects. */
  async #answer({ id, question }: Extract<ToBot, { type: 'question' }>): Promise<void> {
    const answer = await this.#deps
      .answer(question)
      .catch((error: unknown) => ({ status: 'refused', reason: errorMessageOf(error) }) as const)
    this.#send({ type: 'answer', id, answer })
  }

  #send(message: FromBot): void {
    if (!this.#isStopped) this.#deps.parent.send(toMessage(message))
  }
}
