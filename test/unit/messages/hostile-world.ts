/**
 * A small world around inbox and outbox for properties: a server that keeps what was not acknowledged, a journal
 * whose statements are late, fail, or land although they failed, a connection that breaks, a lease that moves, and
 * a process that crashes. Steps come from the test; the world obeys and records what was broken.
 */

import { AppError } from '../../../src/errors.ts'
import { Inbox } from '../../../src/messages/inbox.ts'
import { Outbox } from '../../../src/messages/outbox.ts'
import type { CommandHandler } from '../../../src/plugins/plugin.ts'
import { CommandRegistry } from '../../../src/plugins/registry.ts'
import type { Clock, Timer } from '../../../src/ports/clock.ts'
import type { InboundMessage, OutgoingMessage } from '../../../src/ports/whatsapp-socket.ts'
import { sleep } from '../../../src/timing.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { journalKey, ModelJournal, type Intercept } from './model-journal.ts'

export const MAX_QUEUED = 4
export const MAX_CHATS = 2

export type StoreTrouble = 'fine' | 'not-run' | 'landed-but-unknown' | 'lands-after-failing'
export type AckTrouble = 'fine' | 'lost' | 'sent-into-nothing' | 479 | 463 | 429

export type Step =
  | { readonly kind: 'command'; readonly chat: number; readonly word: 'do' | 'once' | 'slow' | 'fail' }
  | { readonly kind: 'again'; readonly pick: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | {
      readonly kind:
        'close' | 'open' | 'crash' | 'lease-stolen' | 'lease-gained' | 'lease-away' | 'lease-back'
    }
  | { readonly kind: 'store'; readonly trouble: StoreTrouble; readonly delayMs: number }
  | { readonly kind: 'ack'; readonly trouble: AckTrouble }

interface ServerCommand {
  readonly message: InboundMessage
  isAcknowledged: boolean
  /** Ticks: when the bot first heard of it, and when it first said that it is durable. */
  heardAt: number
  durableAt: number
}

/** One process: when it is dead, nothing of it runs or resolves any more. */
class Life {
  isAlive = true
  epoch: number | undefined
  knownEpoch: number
  readonly runningChats = new Map<string, number>()
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly clock: Clock
  readonly #timers: Timer[] = []

  constructor(world: HostileWorld, epoch: number) {
    this.epoch = epoch
    this.knownEpoch = epoch
    this.clock = {
      nowMs: () => world.clock.nowMs(),
      monotonicMs: () => world.clock.monotonicMs(),
      setTimer: (label, delayMs, callback) => {
        const timer = world.clock.setTimer(label, delayMs, callback)
        this.#timers.push(timer)
        return timer
      },
    }
    const journal = world.journal.through(world.intercept(this))
    const logger = new RecordingLogger()
    this.outbox = new Outbox({
      clock: this.clock,
      logger,
      journal,
      epoch: () => this.epoch,
      send: (message) => world.receive(this, message),
      isUsable: () => world.isOpen,
      onSettled: () => undefined,
      settings: {
        maxQueued: MAX_QUEUED,
        sendGapMs: 200,
        ackTimeoutMs: 60_000,
        expiryMs: 1e12,
        maxSendsPerReply: 1_000_000,
      },
    })
    this.inbox = new Inbox({
      clock: this.clock,
      logger,
      journal,
      registry: new CommandRegistry(world.handlers(this)),
      epoch: () => this.epoch,
      outbox: this.outbox,
      newMessageId: () => `reply-${++world.lastReplyId}`,
      isHeavyWorkAllowed: () => true,
      settings: {
        maxAgeMs: 1e12,
        maxQueued: MAX_QUEUED,
        maxConcurrentChats: MAX_CHATS,
        handlerTimeoutMs: 5_000,
      },
    })
  }

  kill(): void {
    this.isAlive = false
    for (const timer of this.#timers) timer.cancel()
  }
}

export class HostileWorld {
  readonly clock = new ManualClock()
  readonly journal = new ModelJournal()
  readonly server: ServerCommand[] = []
  /** Every send the bot made, in order; the server may not have got it. */
  readonly sendLog: OutgoingMessage[] = []
  readonly received: OutgoingMessage[] = []
  readonly onceRuns: string[] = []
  readonly broken: string[] = []
  lastReplyId = 0
  isOpen = false
  #connection = 0
  #tick = 0
  #store: { trouble: StoreTrouble; delayMs: number }[] = []
  #acks: AckTrouble[] = []
  #life: Life

  constructor() {
    this.#life = this.#boot()
  }

  get life(): Life {
    return this.#life
  }

  async perform(step: Step): Promise<void> {
    const life = this.#life
    switch (step.kind) {
      case 'command': {
        const id = `c${this.server.length}`
        const sentAtMs = 1_700_000_000_000 + this.server.length
        const base = { id, participant: '', isFromMe: false, sentAtMs, kind: 'notify' as const }
        const message = { ...base, chat: `chat-${step.chat}`, text: `.${step.word} ${id}` }
        this.server.push({ message, isAcknowledged: false, heardAt: Infinity, durableAt: Infinity })
        if (this.isOpen) void this.#deliver(this.server.length - 1, 'notify')
        break
      }
      case 'again':
        if (this.isOpen && this.server.length > 0)
          void this.#deliver(step.pick % this.server.length, 'append')
        break
      case 'wait':
        await this.clock.advance(step.ms)
        break
      case 'close':
        this.#close()
        break
      case 'open':
        this.#close()
        this.#open()
        this.server.forEach((command, index) => {
          if (!command.isAcknowledged) void this.#deliver(index, 'append')
        })
        break
      case 'crash':
        this.#crash()
        break
      case 'lease-stolen':
        this.journal.epoch += 1
        break
      case 'lease-gained':
        this.journal.epoch += 1
        life.epoch = this.journal.epoch
        life.knownEpoch = this.journal.epoch
        void life.inbox.resume()
        void life.outbox.resume()
        break
      case 'lease-away':
        life.epoch = undefined
        break
      case 'lease-back':
        life.epoch = life.knownEpoch
        void life.inbox.resume()
        void life.outbox.resume()
        break
      case 'store':
        this.#store.push({ trouble: step.trouble, delayMs: step.delayMs })
        break
      case 'ack':
        this.#acks.push(step.trouble)
        break
    }
    await settle()
    this.#checkBounds()
  }

  /** All trouble ends, everything is delivered, and there is time. */
  async heal(): Promise<void> {
    await this.clock.advance(60_000)
    this.#store = []
    this.#acks = []
    await this.perform({ kind: 'lease-gained' })
    this.#close()
    this.#open()
    for (const [index, command] of this.server.entries()) {
      if (!command.isAcknowledged)
        await Promise.all([this.#deliver(index, 'append'), this.clock.advance(1_000)])
    }
    for (let round = 0; round < 50; round += 1) {
      await this.clock.advance(600_000)
      this.#checkBounds()
    }
  }

  intercept(life: Life): Intercept {
    return (_name, land) =>
      new Promise((resolve, reject) => {
        const { trouble, delayMs } = this.#store.shift() ?? { trouble: 'fine', delayMs: 1 }
        const answer = (respond: () => void): void => {
          this.clock.setTimer('store.answer', delayMs, () => life.isAlive && respond())
        }
        const landLater = (afterMs: number, then: (result: ReturnType<typeof land>) => void): void => {
          this.clock.setTimer('store.land', afterMs, () => then(land()))
        }
        switch (trouble) {
          case 'fine':
            landLater(Math.floor(delayMs / 2), (result) => answer(() => resolve(result)))
            break
          case 'not-run':
            answer(() => reject(new AppError('store-unavailable', 'not run')))
            break
          case 'landed-but-unknown':
            landLater(0, () => answer(() => reject(new AppError('store-outcome-unknown', 'broke'))))
            break
          case 'lands-after-failing':
            answer(() => reject(new AppError('timed-out', 'no answer')))
            landLater(delayMs + 50, () => undefined)
        }
      })
  }

  receive(life: Life, message: OutgoingMessage): Promise<void> {
    if (!life.isAlive) this.broken.push('a dead process sends')
    this.sendLog.push(message)
    if (!this.isOpen) return Promise.reject(new AppError('socket-closed', 'closed'))
    const connection = this.#connection
    const trouble = this.#acks.shift() ?? 'fine'
    const isHere = (): boolean => life.isAlive && this.#connection === connection
    if (trouble !== 'sent-into-nothing') {
      this.clock.setTimer('server.receive', 20, () => {
        if (!isHere()) return
        if (typeof trouble !== 'number') this.received.push(message)
        if (trouble === 'lost') return
        this.clock.setTimer('server.ack', 30, () => {
          if (isHere()) life.outbox.acked(message.id, trouble === 'fine' ? undefined : trouble)
        })
      })
    }
    return sleep(life.clock, 'server.write', 10)
  }

  handlers(life: Life): CommandHandler[] {
    const plain = { summary: '', isHeavy: false, effect: 'repeatable' as const }
    return [
      { ...plain, name: 'do', run: ({ args }) => `did ${args}` },
      {
        ...plain,
        name: 'once',
        effect: 'once',
        run: ({ args }) => {
          this.onceRuns.push(args)
          return `did ${args} once`
        },
      },
      { ...plain, name: 'slow', run: ({ args, chat }) => this.#runSlowly(life, args, chat) },
      { ...plain, name: 'fail', run: () => Promise.reject(new Error('no')) },
    ]
  }

  async #runSlowly(life: Life, args: string, chat: string): Promise<string> {
    const epoch = life.epoch ?? 0
    const lane = `${epoch} ${chat}`
    if (life.runningChats.has(lane)) this.broken.push(`two commands of ${chat} at once`)
    life.runningChats.set(lane, epoch)
    const together = [...life.runningChats.values()].filter((other) => other === epoch).length
    if (together > MAX_CHATS) this.broken.push(`${together} chats at once`)
    await sleep(life.clock, 'handler', 300)
    life.runningChats.delete(lane)
    return `slowly did ${args}`
  }

  async #deliver(index: number, kind: 'notify' | 'append'): Promise<void> {
    const command = this.server[index]
    const life = this.#life
    if (command === undefined) return
    command.heardAt = Math.min(command.heardAt, ++this.#tick)
    try {
      await life.inbox.accept({ ...command.message, kind })
    } catch {
      return
    }
    if (!life.isAlive) return
    if (!this.journal.commands.has(journalKey(command.message))) this.broken.push('acknowledged, not durable')
    command.isAcknowledged = true
    command.durableAt = Math.min(command.durableAt, ++this.#tick)
  }

  #boot(): Life {
    this.journal.epoch += 1
    const life = new Life(this, this.journal.epoch)
    void life.inbox.resume()
    void life.outbox.resume()
    return life
  }

  #crash(): void {
    this.#close()
    this.#life.kill()
    this.#life = this.#boot()
  }

  #open(): void {
    this.#connection += 1
    this.isOpen = true
    this.#life.outbox.connectionOpened()
  }

  #close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#connection += 1
    this.#life.outbox.connectionClosed()
  }

  #checkBounds(): void {
    const { inbox, outbox } = this.#life
    if (inbox.depth() > MAX_QUEUED) this.broken.push(`inbox holds ${inbox.depth()}`)
    if (outbox.pendingCount() > MAX_QUEUED) this.broken.push(`outbox holds ${outbox.pendingCount()}`)
    const wakes = this.clock.pendingLabels().filter((label) => label === 'outbox.wake')
    if (wakes.length > 1) this.broken.push(`${wakes.length} outbox timers`)
  }
}
