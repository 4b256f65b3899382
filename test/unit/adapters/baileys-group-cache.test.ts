/** Group metadata: asked for once, and never kept when it may be out of date. */

import type { GroupMetadata } from '@whiskeysockets/baileys'
import { beforeEach, describe, expect, it } from 'vitest'
import { GroupCache } from '../../../src/adapters/baileys-group-cache.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const GROUP = '120363@g.us'

function metadataOf(participants: number): GroupMetadata {
  return {
    id: GROUP,
    owner: undefined,
    subject: 'subject',
    participants: Array.from({ length: participants }, (_, index) => ({ id: `${index}@lid` })),
  }
}

describe('GroupCache', () => {
  let clock: ManualClock
  let cache: GroupCache
  let fetches: number
  const fetch =
    (participants = 2) =>
    (): Promise<GroupMetadata> => {
      fetches += 1
      return Promise.resolve(metadataOf(participants))
    }
  beforeEach(() => {
    clock = new ManualClock()
    cache = new GroupCache(clock)
    fetches = 0
  })

  it('asks once in an hour', async () => {
    await cache.get(GROUP, fetch())
    await cache.get(GROUP, fetch())
    expect(fetches).toBe(1)
    await clock.advance(3_600_000)
    await cache.get(GROUP, fetch())
    expect(fetches).toBe(2)
  })

  it('asks again after a notification about the group', async () => {
    await cache.get(GROUP, fetch())
    cache.drop(GROUP)
    await cache.get(GROUP, fetch())
    expect(fetches).toBe(2)
  })

  it('uses, but does not keep, an answer that was under way during a notification', async () => {
    const answer = Promise.withResolvers<GroupMetadata>()
    const first = cache.get(GROUP, () => answer.promise)
    cache.drop(GROUP)
    answer.resolve(metadataOf(1))
    expect((await first).participants).toHaveLength(1)
    await cache.get(GROUP, fetch())
    expect(fetches).toBe(1)
  })

  it('is bounded in participants', async () => {
    for (let group = 0; group < 30; group += 1) await cache.get(`${group}@g.us`, fetch(1_000))
    fetches = 0
    await cache.get('0@g.us', fetch(1_000))
    await cache.get('29@g.us', fetch(1_000))
    expect(fetches).toBe(1)
  })
})
