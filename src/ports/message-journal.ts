/**
 * What the bot owes: which inbound commands it has seen, and which replies it still has to deliver. The
 * database remembers it, so a crash at any point neither loses a command nor answers it twice. Like the
 * session store: one statement an operation, fenced by the lease's epoch, AppError `store-*` on failure.
 */

export interface InboundKey {
  readonly chat: string
  /** Sender inside a group; '' in a direct chat. */
  readonly participant: string
  readonly id: string
}

export interface InboundRecord extends InboundKey {
  /** Kept only until the command is handled. */
  readonly text: string
  /** When WhatsApp says it was sent, ms since 1970. */
  readonly sentAtMs: number
}

/**
 * `received`: not begun. `started`: a handler that must not run twice has begun. `handled`: done, the
 * reply (if any) is recorded.
 */
export type InboundState = 'received' | 'started' | 'handled'

export interface Reply {
  /** The WhatsApp message id, fixed before the first send, so that a resend is the same message. */
  readonly replyId: string
  readonly chat: string
  readonly text: string
}

export interface RecordedReply extends Reply {
  /** Wall-clock time at which its command was handled; what it expires by, in whatever process. */
  readonly recordedAtMs: number
}

/** Which settled replies are kept: those that are within all three bounds, counted from the newest. */
export interface SentBounds {
  /** Recorded at this time or later. */
  readonly beforeMs: number
  readonly maxCount: number
  /** UTF-8 bytes of their texts. */
  readonly maxBytes: number
}

export type ReplyState = 'pending' | 'acked' | 'failed'

export interface MessageJournal {
  /** Remembers the command, unless it is known. `state` is the one it has now. */
  recordInbound(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly message: InboundRecord
  }): Promise<{ readonly status: 'recorded' | 'known'; readonly state: InboundState } | 'stale-epoch'>
  /** Commands received or started but not handled, oldest first (sentAtMs, chat, participant, id). */
  readUnhandled(query: {
    readonly limit: number
  }): Promise<readonly { readonly message: InboundRecord; readonly state: InboundState }[]>
  /** received → started, before a handler that must not run twice. */
  markStarted(mark: { readonly epoch: number; readonly key: InboundKey }): Promise<'written' | 'stale-epoch'>
  /**
   * → handled, and the reply recorded as pending at `nowMs`, in one statement. When the command was handled
   * before, nothing changes and the call still answers `written`; the first reply stands.
   */
  recordHandled(entry: {
    readonly epoch: number
    readonly nowMs: number
    readonly key: InboundKey
    readonly reply: Reply | undefined
  }): Promise<'written' | 'stale-epoch'>
  /** Replies that no ack has settled, oldest first (recorded time, replyId). */
  readPendingReplies(query: { readonly limit: number }): Promise<readonly RecordedReply[]>
  settleReply(entry: {
    readonly epoch: number
    readonly replyId: string
    readonly state: 'acked' | 'failed'
  }): Promise<'written' | 'stale-epoch'>
  /**
   * Chats that have taken a reply (it is `acked`, and kept), each once: that of the reply recorded last first, then
   * by name in byte order.
   */
  readTakenChats(query: { readonly limit: number }): Promise<readonly string[]>
  /** A sent message by its id, for WhatsApp's retry requests; undefined when it is not kept any more. */
  readReply(query: { readonly replyId: string }): Promise<RecordedReply | undefined>
  /**
   * Deletes handled commands recorded before the given time, and settled replies beyond the bounds; the oldest
   * first, and `limit` of each kind at most. Returns rows deleted.
   */
  prune(entry: {
    readonly epoch: number
    readonly commandsBeforeMs: number
    readonly sent: SentBounds
    readonly limit: number
  }): Promise<number | 'stale-epoch'>
}
