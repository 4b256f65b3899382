/**
 * Group metadata, so that a send to a group asks the server only once. Every notification about a group drops
 * what is known of it, and a new connection drops everything, since notifications may have been missed.
 * Surprising: an answer that was under way during a notification is used but not kept.
 */

import type { BinaryNode, GroupMetadata, WASocket } from '@whiskeysockets/baileys'
import type { Clock } from '../ports/clock.ts'
import { BoundedCache } from './baileys-caches.ts'

/** In participants: about 200 bytes each. */
const MAX_PARTICIPANTS = 20_000
const TTL_MS = 3_600_000

export class GroupCache {
  readonly #groups: BoundedCache
  #changes = 0

  constructor(clock: Clock) {
    this.#groups = new BoundedCache(clock, {
      maxWeight: MAX_PARTICIPANTS,
      ttlMs: TTL_MS,
      weigh: participantsOf,
    })
  }

  /** Heeds the notifications that come on this connection. */
  listen(ws: WASocket['ws']): void {
    ws.on('CB:notification,type:w:gp2', ({ attrs }: BinaryNode) => this.drop(attrs['from'] ?? ''))
  }

  /** @throws what `fetch` throws */
  async get(group: string, fetch: (group: string) => Promise<GroupMetadata>): Promise<GroupMetadata> {
    const known = this.#groups.get<GroupMetadata>(group)
    if (known !== undefined) return known
    const changesBefore = this.#changes
    const metadata = await fetch(group)
    if (changesBefore === this.#changes) this.#groups.set(group, metadata)
    return metadata
  }

  drop(group: string): void {
    this.#changes += 1
    this.#groups.del(group)
  }

  clear(): void {
    this.#changes += 1
    this.#groups.clear()
  }
}

function participantsOf(value: unknown): number {
  const hasParticipants = typeof value === 'object' && value !== null && 'participants' in value
  return hasParticipants && Array.isArray(value.participants) ? value.participants.length + 1 : 1
}
