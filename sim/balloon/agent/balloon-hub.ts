/**
 * Where the agents inside real processes call in: a Unix socket that the lab listens on, so that every
 * process of a target, and every one that takes its place, is found without knowing its pid beforehand.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BalloonAgent } from './balloon-client.ts'

const AGENT_URL = new URL('balloon-agent.mjs', import.meta.url).href

export class BalloonHub {
  readonly #server: Server
  readonly #agents = new Set<BalloonAgent>()
  /** All connections, also those that have not said who they are. */
  readonly #connections = new Set<BalloonAgent>()
  readonly #waiters = new Set<() => void>()
  #folder: string | undefined

  constructor() {
    this.#server = createServer((socket) => {
      const agent: BalloonAgent = new BalloonAgent(socket, {
        onHello: () => {
          this.#agents.add(agent)
          for (const look of this.#waiters) look()
        },
        onGone: () => {
          this.#agents.delete(agent)
          this.#connections.delete(agent)
        },
      })
      this.#connections.add(agent)
    })
  }

  async start(): Promise<void> {
    // Short: a socket's path ends at 107 bytes. A folder, because only that can be closed to others.
    this.#folder = await mkdtemp(join(tmpdir(), 'balloon-'))
    const path = this.#socketPath(this.#folder)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(path, resolve)
    })
  }

  /** Environment variables that bring the agent into a target; `nodeOptions` are the target's own. */
  environment(nodeOptions = ''): { readonly NODE_OPTIONS: string; readonly BALLOON_SOCKET: string } {
    if (this.#folder === undefined) throw new Error('the balloon hub has not been started')
    return {
      NODE_OPTIONS: `${nodeOptions} --import ${AGENT_URL}`.trim(),
      BALLOON_SOCKET: this.#socketPath(this.#folder),
    }
  }

  /** The processes that live and have called in, oldest first. */
  agents(): readonly BalloonAgent[] {
    return [...this.#agents]
  }

  /** The first living agent that meets the condition. @throws Error after `withinMs` */
  async find(isWanted: (agent: BalloonAgent) => boolean, withinMs: number): Promise<BalloonAgent> {
    const { promise, resolve, reject } = Promise.withResolvers<BalloonAgent>()
    const look = (): void => {
      const found = this.agents().find(isWanted)
      if (found !== undefined) resolve(found)
    }
    const timer = setTimeout(() => reject(new Error(`no such agent within ${withinMs} ms`)), withinMs)
    this.#waiters.add(look)
    look()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiters.delete(look)
    }
  }

  /** Hangs up; what is held stays held. May be called twice. */
  async stop(): Promise<void> {
    for (const agent of this.#connections) agent.close()
    if (this.#folder === undefined) return
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  #socketPath(folder: string): string {
    return join(folder, 'agents')
  }
}
