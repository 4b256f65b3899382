/**
 * Which bot process stands behind which session of the database: by the proxy's client port, the kernel's table of
 * connections, and the open files of the dyno's processes. Nothing is asked of the bot.
 */

import type { BotProcess } from '../real/process-watch.ts'
import { clientHalf, holdsSocket } from '../real/socket-owner.ts'

export interface DatabaseClientsOptions {
  /** Of the proxy. */
  proxyPort(): number
  /** Living bot processes, as of now. */
  processes(): readonly BotProcess[]
}

interface DatabaseClient {
  readonly backendPid: number
  readonly sinceMs: number
  readonly name: string
}

export class DatabaseClients {
  readonly #options: DatabaseClientsOptions
  readonly #byPort = new Map<number, BotProcess>()
  /** Oldest first. */
  #clients: DatabaseClient[] = []

  constructor(options: DatabaseClientsOptions) {
    this.#options = options
  }

  /** The server's process `backendPid` has begun to serve the client at this port. */
  began(backendPid: number, clientPort: number): void {
    const owner = this.#find(clientPort)
    if (owner === undefined) this.#byPort.delete(clientPort)
    else this.#byPort.set(clientPort, owner)
    // One that died before it could be seen is still another one than all the others.
    const name = owner?.name ?? `unknown process at port ${clientPort}`
    this.#clients.push({ backendPid, sinceMs: Date.now(), name })
  }

  /** The bot process at this port of the proxy's clients; undefined when it was gone before it could be seen. */
  processAt(clientPort: number): BotProcess | undefined {
    return this.#byPort.get(clientPort) ?? this.#find(clientPort)
  }

  /** @param atMs ms since 1970: process ids of a server that is started anew begin anew, too */
  nameOf(backendPid: number, atMs: number): string {
    const client = this.#clients.findLast(
      (each) => each.backendPid === backendPid && each.sinceMs <= atMs + 1,
    )
    return client?.name ?? `unknown client ${backendPid}`
  }

  /** Forgets sessions that are so many back: nobody will ask for them. */
  prune(kept = 500): void {
    this.#clients = this.#clients.slice(-kept)
  }

  #find(clientPort: number): BotProcess | undefined {
    const half = clientHalf(clientPort, this.#options.proxyPort())
    return half && this.#options.processes().find(({ pid }) => holdsSocket(pid, half.inode))
  }
}
