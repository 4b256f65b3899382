/**
 * The inbox's queue: one lane per chat, so that a chat's commands run one after another while chats run side
 * by side, in turn. Bounded in commands and in characters, as commands differ in size. Holds, and hands out;
 * what a command means is the inbox's matter.
 */

import type { InboundRecord, InboundState, Reply } from '../ports/message-journal.ts'
import type { CommandMatch } from '../plugins/plugin.ts'

/** At 2 bytes a character about 4 MB; ordinary commands are far below it. */
const MAX_QUEUED_CHARS = 2_000_000

export interface QueuedCommand {
  readonly key: string
  readonly message: InboundRecord
  readonly match: CommandMatch | undefined
  state: InboundState
  /** Pending until the journal has the command; it keeps its place in the lane meanwhile. */
  recording: Promise<void> | undefined
  /** Set when the handler is done and only the journal has to learn of it: the handler is not run again. */
  answer: { readonly reply: Reply | undefined; readonly handledAtMs: number } | undefined
}

interface Lane {
  readonly commands: QueuedCommand[]
  isBusy: boolean
  isHeld: boolean
}

export interface ChatLanesLimits {
  readonly maxQueued: number
  readonly maxConcurrentChats: number
}

export class ChatLanes {
  readonly #limits: ChatLanesLimits
  readonly #byKey = new Map<string, QueuedCommand>()
  /** In turn: a chat that was served goes to the end. */
  readonly #lanes = new Map<string, Lane>()
  #busyLanes = 0
  #chars = 0

  constructor(limits: ChatLanesLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): QueuedCommand | undefined {
    return this.#byKey.get(key)
  }

  /** False for a command that was dropped by `clear`, even when it was read in again since. */
  holds(command: QueuedCommand): boolean {
    return this.#byKey.get(command.key) === command
  }

  hasRoomFor(text: string): boolean {
    return this.size < this.#limits.maxQueued && this.#chars + text.length <= MAX_QUEUED_CHARS
  }

  /** At most `commands` are left, and half of the characters. */
  isDownTo(commands: number): boolean {
    return this.size <= commands && this.#chars <= MAX_QUEUED_CHARS / 2
  }

  add(command: QueuedCommand): void {
    const { chat, text } = command.message
    this.#byKey.set(command.key, command)
    this.#chars += text.length
    const lane = this.#lanes.get(chat)
    if (lane === undefined) this.#lanes.set(chat, { commands: [command], isBusy: false, isHeld: false })
    else lane.commands.push(command)
  }

  /** The first command of the next chat that is free; the chat is busy until `hold` or `remove`. */
  takeNext(): QueuedCommand | undefined {
    if (this.#busyLanes >= this.#limits.maxConcurrentChats) return undefined
    for (const lane of this.#lanes.values()) {
      const first = lane.commands[0]
      if (lane.isBusy || lane.isHeld || first === undefined || first.recording !== undefined) continue
      lane.isBusy = true
      this.#busyLanes += 1
      return first
    }
    return undefined
  }

  /** The command in hand could not be finished: it stays first, and its chat waits for `releaseHeld`. */
  hold(command: QueuedCommand): void {
    const lane = this.#lanes.get(command.message.chat)
    if (lane === undefined || !this.holds(command)) return
    this.#setFree(lane, command)
    lane.isHeld = true
  }

  releaseHeld(): void {
    for (const lane of this.#lanes.values()) lane.isHeld = false
  }

  /** Harmless for a command that is not held here any more. */
  remove(command: QueuedCommand): void {
    const { chat, text } = command.message
    const lane = this.#lanes.get(chat)
    if (lane === undefined || !this.holds(command)) return
    this.#setFree(lane, command)
    lane.commands.splice(lane.commands.indexOf(command), 1)
    this.#byKey.delete(command.key)
    this.#chars -= text.length
    this.#lanes.delete(chat)
    if (lane.commands.length > 0) this.#lanes.set(chat, lane)
  }

  clear(): void {
    this.#byKey.clear()
    this.#lanes.clear()
    this.#busyLanes = 0
    this.#chars = 0
  }

  /** Only a lane's first command is ever in hand. */
  #setFree(lane: Lane, command: QueuedCommand): void {
    if (!lane.isBusy || lane.commands[0] !== command) return
    lane.isBusy = false
    this.#busyLanes -= 1
  }
}
