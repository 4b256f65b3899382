import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodeOf } from '../../../src/errors.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import { openAuthState } from '../../../src/session/auth-state.ts'
import { serialise } from '../../../src/session/codec.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { SessionRows } from './session-rows.ts'

interface Options {
  readonly rows?: SessionRows
  readonly keyCacheBytes?: number
  readonly maxQueuedWrites?: number
  readonly maxQueuedBytes?: number
}

async function open(options: Options = {}) {
  const rows = options.rows ?? new SessionRows()
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  let writes = 0
  const opened = await openAuthState({
    nextSequence: () => ++writes,
    store: rows,
    epoch: 7,
    clock,
    logger,
    connector: {
      freshCreds: () => ({ registrationId: 1, noiseKey: Buffer.from('fresh') }),
      isPaired: () => true,
    },
    settings: {
      keyCacheBytes: options.keyCacheBytes ?? 100_000,
      maxQueuedWrites: options.maxQueuedWrites ?? 100,
      maxQueuedBytes: options.maxQueuedBytes ?? 1_000_000,
    },
  })
  return { rows, clock, logger, opened, auth: opened.auth, keys: opened.auth.keys }
}

/** What became of each promise, in the order of ending. */
function watch(endings: string[], name: string, promise: Promise<unknown>): void {
  promise.then(
    () => endings.push(`${name}: done`),
    (error: unknown) => endings.push(`${name}: ${errorCodeOf(error)}`),
  )
}

describe('opening', () => {
  it('reads the stored credentials, bytes and all', async () => {
    const rows = new SessionRows()
    rows.creds = serialise({ me: { id: 'x' }, noiseKey: Buffer.from([1, 2]) })
    const { opened } = await open({ rows })
    expect(opened.isFresh).toBe(false)
    expect(opened.auth.creds).toStrictEqual({ me: { id: 'x' }, noiseKey: Buffer.from([1, 2]) })
  })

  it('makes fresh credentials when there are none, and stores them with the first save only', async () => {
    const { rows, opened, auth } = await open()
    expect(opened.isFresh).toBe(true)
    expect(rows.commits).toStrictEqual([])
    await auth.saveCreds()
    expect(rows.creds).toBe(serialise(auth.creds))
  })

  it.each<ErrorCode>(['store-unavailable', 'store-corrupt', 'encryption-key-missing'])(
    'rejects with %s and makes nothing when the read fails',
    async (code) => {
      const rows = new SessionRows()
      rows.failing = { code, lands: false }
      await expect(open({ rows })).rejects.toMatchObject({ code })
    },
  )

  it.each(['{"me":', '[1]', 'null', '"text"', serialise(Buffer.from('x'))])(
    'rejects a row that is no credentials: %s',
    async (creds) => {
      const rows = new SessionRows()
      rows.creds = creds
      await expect(open({ rows })).rejects.toMatchObject({ code: 'store-corrupt' })
    },
  )
})

describe('writing', () => {
  it('commits one call as one transaction, with epoch and time, deletions included', async () => {
    const { rows, clock, keys } = await open()
    await keys.set({ session: { a: { x: 1 }, b: null }, 'pre-key': { 5: Buffer.from([9]) } })
    expect(rows.commits).toStrictEqual([
      {
        epoch: 7,
        sequence: 1,
        nowMs: clock.nowMs(),
        keys: [
          { type: 'session', id: 'a', value: '{"x":1}' },
          { type: 'session', id: 'b', value: undefined },
          { type: 'pre-key', id: '5', value: '{"type":"Buffer","data":"CQ=="}' },
        ],
      },
    ])
  })

  it('commits nothing for an empty call', async () => {
    const { rows, keys } = await open()
    await keys.set({})
    await keys.set({ session: {} })
    expect(rows.commits).toStrictEqual([])
  })

  it('keeps one commit in flight, in the order of the calls, and resolves each with its own', async () => {
    const { rows, keys } = await open()
    const endings: string[] = []
    rows.isHeld = true
    for (const id of ['a', 'b', 'c']) watch(endings, id, keys.set({ session: { [id]: id } }))
    await settle()
    expect(rows.commits.length).toBe(1)
    rows.releaseOne()
    await settle()
    expect(endings).toStrictEqual(['a: done'])
    rows.release()
    await settle()
    expect(endings).toStrictEqual(['a: done', 'b: done', 'c: done'])
    expect(rows.mostOpenCommits).toBe(1)
  })

  it('writes values as they were at the call', async () => {
    const { rows, auth, keys } = await open()
    rows.isHeld = true
    const session = { counter: 1 }
    const writes = [keys.set({ session: { a: {} } }), keys.set({ session: { b: session } }), auth.saveCreds()]
    session.counter = 2
    auth.creds['registrationId'] = 99
    rows.release()
    await Promise.all(writes)
    expect(rows.keys.get('session/b')).toBe('{"counter":1}')
    expect(rows.creds).toContain('"registrationId":1,')
  })

  it('commits a burst of credentials once, as the newest, and resolves them all', async () => {
    const { rows, auth, keys } = await open()
    rows.isHeld = true
    const writes = [keys.set({ session: { a: 1 } })]
    for (let update = 1; update <= 10; update++) {
      auth.creds['update'] = update
      writes.push(auth.saveCreds())
    }
    rows.release()
    await Promise.all(writes)
    expect(rows.commits.length).toBe(2)
    expect(rows.creds).toContain('"update":10')
  })

  it('never commits credentials ahead of keys that were queued before them', async () => {
    const { rows, auth, keys } = await open()
    rows.isHeld = true
    const writes = [auth.saveCreds(), keys.set({ 'pre-key': { 1: 'one' } })]
    auth.creds['nextPreKeyId'] = 2
    writes.push(auth.saveCreds(), keys.set({ 'pre-key': { 2: 'two' } }))
    auth.creds['nextPreKeyId'] = 3
    writes.push(auth.saveCreds())
    rows.release()
    await Promise.all(writes)
    const written = rows.commits.map(({ creds, keys: changes = [] }) => [
      /"nextPreKeyId":(\d)/.exec(creds ?? '')?.[1],
      changes.map((change) => change.id).join(),
    ])
    expect(written).toStrictEqual([
      [undefined, ''],
      ['2', '1'],
      ['3', '2'],
    ])
  })

  it('makes no new version of credentials that have not changed', async () => {
    const { rows, auth } = await open()
    await auth.saveCreds()
    await auth.saveCreds()
    expect(rows.commits.length).toBe(1)
    auth.creds['registrationId'] = 2
    await auth.saveCreds()
    expect(rows.commits.length).toBe(2)
  })

  it.each([
    { saved: 'the same', lands: false, registrationId: 2 },
    { saved: 'the earlier', lands: true, registrationId: 1 },
  ])('saves $saved credentials after a save of unknown outcome', async ({ lands, registrationId }) => {
    const { rows, auth } = await open()
    await auth.saveCreds()
    auth.creds['registrationId'] = 2
    rows.failing = { code: 'store-outcome-unknown', lands }
    await expect(auth.saveCreds()).rejects.toMatchObject({ code: 'store-outcome-unknown' })
    rows.failing = undefined
    auth.creds['registrationId'] = registrationId
    await auth.saveCreds()
    expect(rows.creds).toBe(serialise(auth.creds))
    expect(rows.commits.length).toBe(3)
  })

  it('lets later writes have their turn after one has failed', async () => {
    const { rows, keys } = await open()
    const endings: string[] = []
    rows.failing = { code: 'store-unavailable', lands: false }
    watch(endings, 'a', keys.set({ session: { a: 1 } }))
    await settle()
    rows.failing = undefined
    watch(endings, 'b', keys.set({ session: { b: 1 } }))
    await settle()
    expect(endings).toStrictEqual(['a: store-unavailable', 'b: done'])
  })

  it('rejects lease-lost for the refused write, those that wait, and all later ones', async () => {
    const { rows, auth, keys } = await open()
    const endings: string[] = []
    rows.isHeld = true
    rows.isStale = true
    watch(endings, 'a', keys.set({ session: { a: 1 } }))
    watch(endings, 'creds', auth.saveCreds())
    watch(endings, 'b', keys.set({ session: { b: 1 } }))
    rows.release()
    await settle()
    watch(endings, 'c', keys.set({ session: { c: 1 } }))
    watch(endings, 'creds again', auth.saveCreds())
    await settle()
    const expected = ['a', 'creds', 'b', 'c', 'creds again'].map((name) => `${name}: lease-lost`)
    expect(endings).toStrictEqual(expected)
    expect(rows.commits.length).toBe(1)
    expect(rows.keys.size).toBe(0)
  })
})

describe('the bounds of the queue', () => {
  it('refuses one write more than it may hold, the one in flight included', async () => {
    const { rows, auth, keys } = await open({ maxQueuedWrites: 2 })
    const endings: string[] = []
    rows.isHeld = true
    for (const id of ['a', 'b', 'c']) watch(endings, id, keys.set({ session: { [id]: 1 } }))
    watch(endings, 'creds', auth.saveCreds())
    rows.release()
    await settle()
    expect(endings).toStrictEqual(['c: queue-full', 'a: done', 'b: done', 'creds: done'])
    await keys.set({ session: { c: 1 } })
  })

  it('refuses bytes beyond its bound, takes any size when empty, and counts down again', async () => {
    const { rows, auth, keys } = await open({ maxQueuedBytes: 1_000 })
    const endings: string[] = []
    rows.isHeld = true
    watch(endings, 'huge', keys.set({ session: { a: 'x'.repeat(2_000) } }))
    watch(endings, 'small', keys.set({ session: { b: 'x' } }))
    watch(endings, 'creds', auth.saveCreds())
    rows.release()
    await settle()
    expect(endings).toStrictEqual(['small: queue-full', 'creds: queue-full', 'huge: done'])
    rows.isHeld = true
    for (const id of ['c', 'd', 'e']) watch(endings, id, keys.set({ session: { [id]: 'x'.repeat(400) } }))
    rows.release()
    await settle()
    expect(endings.slice(3)).toStrictEqual(['e: queue-full', 'c: done', 'd: done'])
  })

  it('counts credentials that join a waiting write by what they add', async () => {
    const { rows, auth, keys } = await open({ maxQueuedBytes: 1_000 })
    rows.isHeld = true
    const writes = [keys.set({ session: { a: 1 } }), keys.set({ session: { b: 1 } })]
    auth.creds['text'] = 'x'.repeat(600)
    writes.push(auth.saveCreds(), auth.saveCreds(), auth.saveCreds())
    auth.creds['text'] = 'x'.repeat(1_000)
    await expect(auth.saveCreds()).rejects.toMatchObject({ code: 'queue-full' })
    rows.release()
    await Promise.all(writes)
    expect(rows.creds).toContain(`"${'x'.repeat(600)}"`)
  })
})

describe('reading', () => {
  it('reads all missing ids of a call in one statement, each once', async () => {
    const { rows, keys } = await open()
    await keys.set({ session: { a: 1 } })
    rows.keys.set('session/b', '{"x":2}')
    expect(await keys.get('session', ['a', 'b', 'c', 'b'])).toStrictEqual({ a: 1, b: { x: 2 } })
    expect(rows.reads).toStrictEqual([['b', 'c']])
  })

  it('asks the store once, for what is there and for what is not', async () => {
    const { rows, keys } = await open()
    rows.keys.set('session/a', '1')
    for (let time = 0; time < 3; time++) expect(await keys.get('session', ['a', 'b'])).toStrictEqual({ a: 1 })
    expect(rows.reads).toStrictEqual([['a', 'b']])
  })

  it('tells keys of different types apart', async () => {
    const { keys } = await open()
    await keys.set({ session: { a: 1 }, 'sender-key': { a: 2 } })
    expect(await keys.get('session', ['a'])).toStrictEqual({ a: 1 })
    expect(await keys.get('sender-key', ['a'])).toStrictEqual({ a: 2 })
  })

  it('gives a value of its own each time: the library mutates it', async () => {
    const { keys } = await open()
    await keys.set({ session: { a: { counter: 1 } } })
    const first = await keys.get('session', ['a'])
    Object.assign(first['a'] ?? {}, { counter: 2 })
    expect(await keys.get('session', ['a'])).toStrictEqual({ a: { counter: 1 } })
  })

  it('answers after the queued writes of those ids, and does not wait for others', async () => {
    const { rows, keys } = await open()
    await keys.set({ session: { a: 'old', b: 'old' } })
    const endings: string[] = []
    rows.isHeld = true
    watch(endings, 'set', keys.set({ session: { a: 'new' } }))
    const read = keys.get('session', ['a'])
    watch(endings, 'get a', read)
    watch(endings, 'get b', keys.get('session', ['b']))
    await settle()
    expect(endings).toStrictEqual(['get b: done'])
    rows.release()
    await settle()
    expect(endings).toStrictEqual(['get b: done', 'set: done', 'get a: done'])
    expect(await read).toStrictEqual({ a: 'new' })
  })

  it('waits for the last of several queued writes, also when it asks after the first has ended', async () => {
    const { rows, keys } = await open()
    rows.isHeld = true
    const writes = [keys.set({ session: { a: 'first' } }), keys.set({ session: { a: 'second' } })]
    rows.releaseOne()
    await settle()
    const read = keys.get('session', ['a'])
    rows.release()
    await Promise.all(writes)
    expect(await read).toStrictEqual({ a: 'second' })
  })

  it.each([true, false])(
    'reads what the store really has after a failed write (it landed: %s)',
    async (lands) => {
      const { rows, keys } = await open()
      await keys.set({ session: { a: 'old' } })
      rows.failing = { code: 'store-outcome-unknown', lands }
      await expect(keys.set({ session: { a: 'new' } })).rejects.toMatchObject({
        code: 'store-outcome-unknown',
      })
      rows.failing = undefined
      expect(await keys.get('session', ['a'])).toStrictEqual({ a: lands ? 'new' : 'old' })
    },
  )

  it('keeps no answer that a commit has overtaken', async () => {
    const { rows, keys } = await open()
    rows.keys.set('session/a', '"old"')
    rows.isHeld = true
    const slow = keys.get('session', ['a'])
    await settle()
    rows.isHeld = false
    await keys.set({ session: { a: 'new' } })
    rows.release()
    await slow
    expect(await keys.get('session', ['a'])).toStrictEqual({ a: 'new' })
  })

  it('rejects with the store’s error and remembers nothing of it', async () => {
    const { rows, keys } = await open()
    rows.keys.set('session/a', '1')
    rows.failing = { code: 'store-unavailable', lands: false }
    await expect(keys.get('session', ['a'])).rejects.toMatchObject({ code: 'store-unavailable' })
    rows.failing = undefined
    expect(await keys.get('session', ['a'])).toStrictEqual({ a: 1 })
  })

  it('reads again what its cache gave up', async () => {
    const { rows, opened, keys } = await open()
    await keys.set({ session: { a: 1 } })
    expect(opened.keyCacheBytes()).toBeGreaterThan(0)
    opened.shedKeyCache()
    expect(opened.keyCacheBytes()).toBe(0)
    expect(await keys.get('session', ['a'])).toStrictEqual({ a: 1 })
    expect(rows.reads.length).toBe(1)
  })
})

describe('a key row that fails its integrity check', () => {
  it('counts as absent, alone among the keys asked for, and is asked for no more', async () => {
    const { rows, keys, logger } = await open()
    await keys.set({ session: { a: { x: 1 }, b: { x: 2 }, c: { x: 3 } } })
    rows.corruptKeys.add('session/b')
    const { keys: others } = await open({ rows })
    expect(await others.get('session', ['a', 'b', 'c'])).toEqual({ a: { x: 1 }, c: { x: 3 } })
    expect(logger.lines).toEqual([])
    rows.reads.length = 0
    expect(await others.get('session', ['b'])).toEqual({})
    expect(rows.reads).toEqual([])
  })

  it('is said in the log without its id, and can be written anew', async () => {
    const rows = new SessionRows()
    rows.keys.set('session/b', '{"torn')
    const { keys, logger } = await open({ rows })
    expect(await keys.get('session', ['b'])).toEqual({})
    expect(logger.lines).toEqual([
      { level: 'error', event: 'session.key-unreadable', fields: { type: 'session' } },
    ])
    await keys.set({ session: { b: { x: 1 } } })
    expect(await keys.get('session', ['b'])).toEqual({ b: { x: 1 } })
  })

  it('does not hide a store that is away', async () => {
    const { rows, keys } = await open()
    rows.failing = { code: 'store-unavailable', lands: false }
    await expect(keys.get('session', ['a', 'b'])).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

describe('flush and close', () => {
  it('flushes every write asked for so far, and only says so when all are durable', async () => {
    const { rows, auth, keys, opened } = await open()
    const endings: string[] = []
    rows.isHeld = true
    watch(endings, 'keys', keys.set({ session: { a: 1 } }))
    watch(endings, 'creds', auth.saveCreds())
    watch(endings, 'flush', opened.flush())
    rows.releaseOne()
    await settle()
    expect(endings).toStrictEqual(['keys: done'])
    rows.release()
    await settle()
    expect(endings).toStrictEqual(['keys: done', 'creds: done', 'flush: done'])
    await opened.flush()
  })

  it('makes up in a flush for credentials that failed to be saved earlier', async () => {
    const { rows, auth, opened } = await open()
    rows.failing = { code: 'store-unavailable', lands: false }
    auth.creds['me'] = 'paired'
    await expect(auth.saveCreds()).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(opened.flush()).rejects.toMatchObject({ code: 'store-unavailable' })
    rows.failing = undefined
    await opened.flush()
    expect(rows.creds).toContain('paired')
    const commits = rows.commits.length
    await opened.flush()
    expect(rows.commits.length).toBe(commits)
  })

  it('rejects a flush with the first failure', async () => {
    const { rows, keys, opened } = await open()
    rows.failing = { code: 'store-denied', lands: false }
    const write = keys.set({ session: { a: 1 } })
    const flush = opened.flush()
    await expect(write).rejects.toMatchObject({ code: 'store-denied' })
    await expect(flush).rejects.toMatchObject({ code: 'store-denied' })
  })

  it('drops what waits when closed, lets the commit in flight end, and takes nothing more', async () => {
    const { rows, auth, keys, opened } = await open()
    const endings: string[] = []
    rows.isHeld = true
    watch(endings, 'in flight', keys.set({ session: { a: 1 } }))
    watch(endings, 'waiting', keys.set({ session: { b: 1 } }))
    opened.close()
    opened.close()
    watch(endings, 'late', keys.set({ session: { c: 1 } }))
    watch(endings, 'late creds', auth.saveCreds())
    watch(endings, 'read', keys.get('session', ['z']))
    await settle()
    rows.release()
    await settle()
    expect(endings.toSorted()).toStrictEqual([
      'in flight: done',
      'late creds: aborted',
      'late: aborted',
      'read: aborted',
      'waiting: aborted',
    ])
    expect([...rows.keys.keys()]).toStrictEqual(['session/a'])
    expect(opened.keyCacheBytes()).toBe(0)
  })
})

describe('any mixture of reads, writes, failures and delays', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      changes: fc.dictionary(id, fc.constantFrom(null, 'new'), { minKeys: 1 }),
    }),
    fc.record({ kind: fc.constant('get' as const), ids: fc.array(id, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('weather' as const),
      failing: fc.constantFrom(
        undefined,
        { code: 'store-outcome-unknown', lands: true } as const,
        {
          code: 'store-unavailable',
          lands: false,
        } as const,
      ),
    }),
    fc.record({ kind: fc.constantFrom('hold', 'releaseOne', 'release', 'shed', 'settle') }),
  )

  it('commits in the order of the calls, and never shows in the end what the store does not have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom(0, 400, 100_000),
        async (steps, bytes) => {
          const { rows, opened, keys } = await open({ keyCacheBytes: bytes })
          const asked: string[] = []
          const ends: Promise<unknown>[] = []
          for (const [index, each] of steps.entries()) {
            if (each.kind === 'set' && 'changes' in each) {
              const values = Object.entries(each.changes).map(([key, value]) => [
                key,
                value && `${value} ${index}`,
              ])
              asked.push(JSON.stringify(values))
              ends.push(keys.set({ session: Object.fromEntries(values) }).catch(errorCodeOf))
            } else if (each.kind === 'get' && 'ids' in each) {
              ends.push(keys.get('session', each.ids).catch(errorCodeOf))
            } else if (each.kind === 'weather' && 'failing' in each) {
              rows.failing = each.failing
            } else if (each.kind === 'hold') rows.isHeld = true
            else if (each.kind === 'releaseOne') rows.releaseOne()
            else if (each.kind === 'release') rows.release()
            else if (each.kind === 'shed') opened.shedKeyCache()
            if (each.kind === 'settle') await settle()
          }
          for (let turn = 0; turn <= steps.length; turn++) {
            rows.release()
            await settle()
          }
          await Promise.all(ends)
          rows.failing = undefined
          const committed = rows.commits.map(({ keys: changes = [] }) =>
            JSON.stringify(
              changes.map((change) => [
                change.id,
                change.value === undefined ? null : JSON.parse(change.value),
              ]),
            ),
          )
          expect(committed).toStrictEqual(asked)
          const inStore = ['a', 'b', 'c'].map((key) => rows.keys.get(`session/${key}`) ?? null)
          const seen = await keys.get('session', ['a', 'b', 'c'])
          expect(
            ['a', 'b', 'c'].map((key) => (seen[key] === undefined ? null : JSON.stringify(seen[key]))),
          ).toStrictEqual(inStore)
          expect(opened.keyCacheBytes()).toBeLessThanOrEqual(bytes)
        },
      ),
      { numRuns: 300 },
    )
  })
})
