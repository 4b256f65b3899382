/** One process with an agent in it, as the lab sees it: requests by number, answers in any order. */

import { createInterface } from 'node:readline'
import type { Socket } from 'node:net'
import { machinePid } from '../../dyno/real/process-table.ts'
import type {
  AgentHello,
  AgentMessage,
  AgentReport,
  AgentRequest,
  HoldAnswer,
  RealBalloonKind,
} from './balloon-protocol.ts'

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

export class BalloonAgent {
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  #hello: AgentHello | undefined
  #requests = 0
  #isGone = false

  constructor(socket: Socket, events: { onHello(): void; onGone(): void }) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#isGone = true
      for (const pending of this.#pending.values()) {
        pending.reject(new Error('the process with the balloon has ended'))
      }
      this.#pending.clear()
      events.onGone()
    })
    const lines = createInterface({ input: socket })
    // It passes the socket's errors on, and a process killed before it has read a request is one (ECONNRESET).
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const message: AgentMessage = JSON.parse(line)
      if (!('hello' in message)) {
        this.#answered(message)
        return
      }
      this.#hello = onThisMachine(message.hello)
      events.onHello()
    })
  }

  get hello(): AgentHello {
    if (this.#hello === undefined) throw new Error('the agent has not said who it is')
    return this.#hello
  }

  get pid(): number {
    return this.hello.pid
  }

  /** The process lives, and its event loop may answer. */
  get isConnected(): boolean {
    return !this.#isGone
  }

  /**
   * Grows to `bytes` at `bytesPerSecond` (undefined: at once), or lets go of what is above. Resolves when it
   * is there. @throws Error when the process ends meanwhile
   */
  async hold(kind: RealBalloonKind, bytes: number, bytesPerSecond?: number): Promise<HoldAnswer> {
    const rate = bytesPerSecond === undefined || !Number.isFinite(bytesPerSecond) ? {} : { bytesPerSecond }
    return (await this.#ask({ do: 'hold', kind, bytes, ...rate })) as HoldAnswer
  }

  async report(): Promise<AgentReport> {
    return (await this.#ask({ do: 'report' })) as AgentReport
  }

  /** A full garbage collection in the target. */
  async collect(): Promise<AgentReport> {
    return (await this.#ask({ do: 'collect' })) as AgentReport
  }

  close(): void {
    this.#socket.destroy()
  }

  #ask(request: AgentRequest): Promise<unknown> {
    if (this.#isGone) return Promise.reject(new Error('the process with the balloon has ended'))
    this.#requests += 1
    const id = this.#requests
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { resolve, reject })
    this.#socket.write(`${JSON.stringify({ id, ...request })}\n`)
    return promise
  }

  #answered(message: Exclude<AgentMessage, { hello: AgentHello }>): void {
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if ('error' in message) pending?.reject(new Error(message.error))
    else pending?.resolve(message.result)
  }
}

/** In a container a process counts its pids otherwise. */
function onThisMachine(hello: AgentHello): AgentHello {
  const { pid, startTicks } = hello
  return startTicks === undefined ? hello : { ...hello, pid: machinePid({ pid, startTicks }) ?? pid }
}
