/**
 * The journal's contract in memory, for tests of inbox and outbox. `statements` counts calls by name;
 * `intercept` lets a test delay or fail them.
 */

import type {
  InboundKey,
  InboundRecord,
  InboundState,
  MessageJournal,
  RecordedReply,
  Reply,
  ReplyState,
} from '../../../src/ports/message-journal.ts'

export interface StoredCommand {
  readonly message: InboundRecord
  state: InboundState
  replyId: string | undefined
  handledAtMs: number
}

export interface StoredReply {
  readonly reply: Reply
  readonly recordedAtMs: number
  state: ReplyState
}

export type Intercept = <T>(name: string, land: () => T) => Promise<T>

export class ModelJournal implements MessageJournal {
  epoch = 1
  readonly commands = new Map<string, StoredCommand>()
  readonly replies = new Map<string, StoredReply>()
  readonly statements: string[] = []
  readonly #intercept: Intercept

  constructor(intercept: Intercept = (_name, land) => Promise.resolve().then(land)) {
    this.#intercept = intercept
  }

  /** The same rows, seen through other trouble. */
  through(intercept: Intercept): MessageJournal {
    const view = new ModelJournal(intercept)
    Object.defineProperties(view, {
      epoch: { get: () => this.epoch },
      commands: { value: this.commands },
      replies: { value: this.replies },
      statements: { value: this.statements },
    })
    return view
  }

  recordInbound(entry: { epoch: number; nowMs: number; message: InboundRecord }) {
    return this.#fenced('recordInbound', entry.epoch, () => {
      const known = this.commands.get(journalKey(entry.message))
      if (known !== undefined) return { status: 'known' as const, state: known.state }
      const { chat, participant, id, text, sentAtMs } = entry.message
      const message = { chat, participant, id, text, sentAtMs }
      const row: StoredCommand = { message, state: 'received', replyId: undefined, handledAtMs: 0 }
      this.commands.set(journalKey(message), row)
      return { status: 'recorded' as const, state: row.state }
    })
  }

  readUnhandled({ limit }: { limit: number }) {
    return this.#run('readUnhandled', () =>
      [...this.commands.values()]
        .filter(({ state }) => state !== 'handled')
        .toSorted((a, b) => compare(inboundOrder(a.message), inboundOrder(b.message)))
        .slice(0, limit)
        .map(({ message, state }) => ({ message, state })),
    )
  }

  markStarted({ epoch, key }: { epoch: number; key: InboundKey }) {
    return this.#fenced('markStarted', epoch, () => {
      const row = this.commands.get(journalKey(key))
      if (row?.state === 'received') row.state = 'started'
      return 'written' as const
    })
  }

  recordHandled(entry: { epoch: number; nowMs: number; key: InboundKey; reply: Reply | undefined }) {
    return this.#fenced('recordHandled', entry.epoch, () => {
      const row = this.commands.get(journalKey(entry.key))
      if (row === undefined || row.state === 'handled') return 'written' as const
      row.state = 'handled'
      row.handledAtMs = entry.nowMs
      row.replyId = entry.reply?.replyId
      if (entry.reply !== undefined) {
        const { replyId } = entry.reply
        this.replies.set(replyId, { reply: entry.reply, recordedAtMs: entry.nowMs, state: 'pending' })
      }
      return 'written' as const
    })
  }

  readPendingReplies({ limit }: { limit: number }) {
    return this.#run('readPendingReplies', () =>
      [...this.replies.values()]
        .filter(({ state }) => state === 'pending')
        .toSorted((a, b) => compare([a.recordedAtMs, a.reply.replyId], [b.recordedAtMs, b.reply.replyId]))
        .slice(0, limit)
        .map(recordedOf),
    )
  }

  settleReply(entry: { epoch: number; replyId: string; state: 'acked' | 'failed' }) {
    return this.#fenced('settleReply', entry.epoch, () => {
      const row = this.replies.get(entry.replyId)
      if (row !== undefined) row.state = entry.state
      return 'written' as const
    })
  }

  readTakenChats({ limit }: { limit: number }) {
    return this.#run('readTakenChats', () => {
      const taken = [...this.replies.values()].filter(({ state }) => state === 'acked')
      return [...new Set(taken.toReversed().map(({ reply }) => reply.chat))].slice(0, limit)
    })
  }

  readReply({ replyId }: { replyId: string }) {
    return this.#run('readReply', () => {
      const row = this.replies.get(replyId)
      return row === undefined ? undefined : recordedOf(row)
    })
  }

  /** Commands by age alone: what is kept of sent messages is the stores' contract. */
  prune({ epoch, commandsBeforeMs: beforeMs }: { epoch: number; commandsBeforeMs: number }) {
    return this.#fenced('prune', epoch, () => {
      const doomed = [...this.commands].filter(
        ([, row]) => row.state === 'handled' && row.handledAtMs < beforeMs,
      )
      for (const [key] of doomed) this.commands.delete(key)
      return doomed.length
    })
  }

  #run<T>(name: string, land: () => T): Promise<T> {
    this.statements.push(name)
    return this.#intercept(name, land)
  }

  #fenced<T>(name: string, epoch: number, land: () => T): Promise<T | 'stale-epoch'> {
    return this.#run<T | 'stale-epoch'>(name, () => (epoch === this.epoch ? land() : 'stale-epoch'))
  }
}

function recordedOf({ reply, recordedAtMs }: StoredReply): RecordedReply {
  return { ...reply, recordedAtMs }
}

export function journalKey({ chat, participant, id }: InboundKey): string {
  return JSON.stringify([chat, participant, id])
}

function inboundOrder({ sentAtMs, chat, participant, id }: InboundRecord): readonly (string | number)[] {
  return [sentAtMs, chat, participant, id]
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] ?? left
    if (left < right) return -1
    if (left > right) return 1
  }
  return 0
}
