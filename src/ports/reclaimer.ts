/**
 * Something that can give memory back when asked: a cache, a pool of buffers, a plugin host. The memory
 * manager asks the cheapest first and measures for itself what came back.
 */

export interface Reclaimer {
  readonly name: string
  /** What giving up costs the user, 0 (nothing) to 100; the manager goes upwards. */
  readonly cost: number
  /** Gives up what it can. May throw: the manager records it and goes on with the next one. */
  reclaim(): void | Promise<void>
}
