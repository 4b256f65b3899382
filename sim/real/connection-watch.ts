/**
 * The connections to WhatsApp as the server and the kernel see them, in the trace's words: `wa.connect`, `wa.open`,
 * `wa.end`, `wa.close` and what lies between. The surprise: a client that ends a connection which nobody reads, as in
 * a black hole, is not heard by the server; that it has ended is told by the kernel, at the first look after it or when
 * its next one comes, together with since when it has not been seen alive.
 */

import type { ClosedEvent, ServerEvent } from '../whatsapp/server-event.ts'
import type { TraceData } from '../world/trace.ts'
import type { BotProcess } from './process-watch.ts'
import { clientHalf, holdsSocket, isEnding } from './socket-owner.ts'
import type { TcpEntry } from './socket-owner.ts'

export interface ConnectionWatchOptions {
  /** Of the fake WhatsApp. */
  serverPort(): number
  /** Living bot processes, oldest first. */
  processes(): readonly BotProcess[]
  record(kind: string, data: TraceData): void
}

interface Live {
  readonly clientPort: number
  readonly owner: BotProcess | undefined
  /** Of the client's half; undefined when the kernel had forgotten it before it was looked for. */
  readonly inode: string | undefined
  isOpen: boolean
  hasEnded: boolean
  /** Whether its owner's open files can be seen, and it was among them. */
  wasHeld: boolean
  /** When its owner was last seen to hold it. */
  aliveAtMs: number
}

export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions
  readonly #live = new Map<number, Live>()

  constructor(options: ConnectionWatchOptions) {
    this.#options = options
  }

  /** Connections that no side has ended, as far as is known. */
  get count(): number {
    return [...this.#live.values()].filter(({ hasEnded }) => !hasEnded).length
  }

  /** Connections that are logged in and have been given what waited. */
  get openCount(): number {
    return [...this.#live.values()].filter(({ isOpen, hasEnded }) => isOpen && !hasEnded).length
  }

  /** Which of the processes holds the newest connection that has not ended; undefined when none does. */
  holderAmong(pids: readonly number[]): number | undefined {
    const inode = [...this.#live.values()].findLast(({ hasEnded }) => !hasEnded)?.inode
    return inode === undefined ? undefined : pids.find((pid) => holdsSocket(pid, inode))
  }

  /**
   * Looks which connections their owners still hold, by their open files: the kernel's table of all connections is far
   * too slow to read for that, and is asked only about one that is held no longer. To be called every so often.
   */
  look(): void {
    const atMs = performance.now()
    for (const [connection, live] of this.#live) {
      if (live.hasEnded) continue
      if (isHeld(live)) {
        live.aliveAtMs = atMs
        live.wasHeld = true
      } else if (live.wasHeld && !isOwnerEnding(live)) this.#noticeEnd(connection, live)
    }
  }

  /** Tells of what is there as if it had just come. */
  announce(): void {
    for (const [connection, { isOpen, hasEnded }] of this.#live) {
      if (hasEnded) continue
      this.#record('wa.connect', connection)
      if (isOpen) this.#record('wa.open', connection)
    }
  }

  observe(event: ServerEvent): void {
    const { connection } = event
    switch (event.kind) {
      case 'connected':
        this.#connected(connection, event.clientPort)
        return
      case 'registering':
        this.#record('wa.qr', connection)
        return
      case 'login-refused':
        this.#record('wa.login-refused', connection, { statusCode: event.statusCode })
        return
      case 'logged-in':
        this.#record('wa.login', connection)
        return
      case 'open':
        this.#opened(connection)
        this.#record('wa.open', connection)
        return
      case 'closed':
        this.#closed(event)
    }
  }

  #connected(connection: number, clientPort: number): void {
    this.#noticeEnds()
    const half = clientHalf(clientPort, this.#options.serverPort())
    this.#live.set(connection, {
      clientPort,
      owner: this.#ownerOf(half),
      inode: half?.inode,
      isOpen: false,
      hasEnded: false,
      wasHeld: false,
      aliveAtMs: performance.now(),
    })
    this.#record('wa.connect', connection)
  }

  #opened(connection: number): void {
    const live = this.#live.get(connection)
    if (live !== undefined) live.isOpen = true
  }

  #closed({ connection, by, begunAgoMs, statusCode, message }: ClosedEvent): void {
    const live = this.#live.get(connection)
    if (live === undefined) return
    const isOfEnd = by === 'client' && isOwnerEnding(live)
    // The process itself has ended it.
    if (by === 'client' && !isOfEnd) this.#end(connection, live)
    const who = by === 'server' ? 'server' : isOfEnd ? 'process' : 'end'
    const code = statusCode === undefined ? {} : { statusCode }
    // The bot may have known so much earlier than this lab, which may be busy.
    const ago = by === 'server' ? { agoMs: begunAgoMs ?? unseenMs(live) } : {}
    this.#record('wa.close', connection, { ...code, message, by: who, ...ago })
    this.#live.delete(connection)
  }

  #noticeEnds(): void {
    for (const [connection, live] of this.#live) this.#noticeEnd(connection, live)
  }

  #noticeEnd(connection: number, live: Live): void {
    const half = clientHalf(live.clientPort, this.#options.serverPort())
    if (half?.isEstablished !== true) this.#end(connection, live)
  }

  #end(connection: number, live: Live): void {
    if (live.hasEnded) return
    live.hasEnded = true
    this.#record('wa.end', connection, { unseenMs: unseenMs(live) })
  }

  /** By the kernel; where that has forgotten it, or it came through a forwarder, the only bot that lives. */
  #ownerOf(half: TcpEntry | undefined): BotProcess | undefined {
    const processes = this.#options.processes()
    const owner = half && processes.find(({ pid }) => holdsSocket(pid, half.inode))
    return owner ?? (processes.length === 1 ? processes[0] : undefined)
  }

  #record(kind: string, connection: number, data: TraceData = {}): void {
    const process = this.#live.get(connection)?.owner?.name ?? 'unknown'
    this.#options.record(kind, { connection, process, ...data })
  }
}

function isHeld({ owner, inode }: Live): boolean {
  return owner !== undefined && inode !== undefined && holdsSocket(owner.pid, inode)
}

/** One that dies ends nothing. */
function isOwnerEnding({ owner }: Live): boolean {
  return owner !== undefined && isEnding(owner.pid)
}

/** So long ago, at most, the client began to end it. */
function unseenMs({ aliveAtMs }: Live): number {
  return Math.ceil(performance.now() - aliveAtMs)
}
