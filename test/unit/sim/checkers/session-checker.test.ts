import { describe, expect, it } from 'vitest'
import { SessionIntegrityChecker } from '../../../../sim/checkers/session-checker.ts'
import type { TraceData } from '../../../../sim/world/trace.ts'
import { judged } from './judged.ts'
import type { Told } from './judged.ts'

const OLD = 'web.1#1/bot.1'
const NEW = 'web.1#2/bot.1'

function taken(atMs: number, source: string, epoch: number): Told {
  return [atMs, 'store', { op: 'takeLease', result: { epoch } }, source]
}
function commit(atMs: number, source: string, epoch: number, more: TraceData = {}): Told {
  return [atMs, 'store', { op: 'commit', args: { epoch, creds: 'c1' }, result: 'written', ...more }, source]
}
function read(atMs: number, result: string | null, more: TraceData = {}): Told {
  return [atMs, 'store', { op: 'readCreds', result, ...more }, NEW]
}
function integrity(told: readonly Told[], isPaired = true): string[] {
  return judged(new SessionIntegrityChecker(isPaired), told)
}

describe('a session that exists', () => {
  it('is not paired anew', () => {
    expect(integrity([[5, 'wa.connect', { process: NEW, isPaired: false }]])).toEqual([
      `5 ${NEW} connects unpaired although a session exists`,
    ])
    expect(integrity([[5, 'wa.qr']])).toEqual(['5 a QR is shown although a session exists'])
  })

  it('exists from its pairing on', () => {
    const pairing: Told[] = [
      [1, 'wa.connect', { isPaired: false }],
      [2, 'wa.qr'],
      [3, 'wa.paired'],
    ]
    expect(integrity(pairing, false)).toEqual([])
    expect(integrity([...pairing, [4, 'wa.qr']], false)).toHaveLength(1)
  })

  it('has credentials in the store', () => {
    expect(integrity([read(1, null)])).toEqual(['1 no credentials are stored although a session exists'])
    expect(integrity([read(1, null)], false)).toEqual([])
    expect(integrity([read(1, null, { fault: 'store-busy' })])).toEqual([])
  })

  it('is restored as it was committed last', () => {
    const committed = [taken(0, OLD, 2), commit(100, OLD, 2)]
    expect(integrity([...committed, read(200, 'c1')])).toEqual([])
    expect(integrity([...committed, read(200, 'c0')])[0]).toContain('are not the last commit c1')
    expect(integrity([...committed, read(200, null)])[0]).toContain('are not the last commit c1')
  })

  it('is not restored from a commit that was refused', () => {
    const refused = commit(100, OLD, 1, { result: 'stale-epoch', args: { epoch: 1, creds: 'c2' } })
    expect(integrity([taken(0, OLD, 2), commit(50, OLD, 2), refused, read(200, 'c1')])).toEqual([])
  })
})

describe('keys', () => {
  it.each([
    ['wa.counter-reused', { isSameText: false }, 'one ratchet step for two texts'],
    ['wa.stale-ratchet', { reason: 'old-chain' }, 'keys older than what was acknowledged'],
    ['wa.lost', { id: 'IN1' }, 'a message was given up unread'],
    ['wa.pre-keys', { reusedIds: 2 }, 'pre-key ids were used again'],
  ])('are broken by %s', (kind, data, message) => {
    expect(integrity([[7, kind, data]])[0]).toContain(`7 ${message}`)
  })

  it.each([
    ['wa.counter-reused', { isSameText: true }],
    ['wa.pre-keys', { reusedIds: 0 }],
  ])('are not broken by %s %j', (kind, data) => {
    expect(integrity([[7, kind, data]])).toEqual([])
  })
})

describe('a write', () => {
  it.each(['commit', 'haltSession', 'markStarted', 'recordHandled', 'settleReply'])(
    'by %s under the newest epoch is the holder’s alone',
    (op) => {
      const write: Told = [200, 'store', { op, args: { epoch: 3 }, result: 'written' }, OLD]
      expect(integrity([taken(0, OLD, 2), taken(100, NEW, 3), write])[0]).toContain(
        `${op} by ${OLD} under epoch 3 was taken: ${NEW} holds epoch 3`,
      )
    },
  )

  it.each([
    ['recordInbound', { status: 'recorded', state: 'received' }],
    ['renewLease', { status: 'renewed' }],
    ['prune', 0],
  ])('by %s counts when it took effect', (op, result) => {
    const write: Told = [200, 'store', { op, args: { epoch: 3 }, result }, OLD]
    expect(integrity([taken(100, NEW, 3), write])).toHaveLength(1)
  })

  it.each([
    ['commit', 'stale-epoch'],
    ['commit', 'superseded'],
    ['recordInbound', { status: 'known', state: 'handled' }],
    ['renewLease', { status: 'lost' }],
  ])('by %s with the answer %j took no effect', (op, result) => {
    const write: Told = [200, 'store', { op, args: { epoch: 3 }, result }, OLD]
    expect(integrity([taken(100, NEW, 3), write])).toEqual([])
  })

  it('under an older epoch is wrong for the holder too', () => {
    expect(integrity([taken(0, OLD, 2), taken(100, OLD, 3), commit(200, OLD, 2)])).toHaveLength(1)
  })

  it('answered right after a takeover may have landed before it', () => {
    expect(integrity([taken(0, OLD, 2), taken(100, NEW, 3), commit(140, OLD, 2)])).toEqual([])
    expect(integrity([taken(0, OLD, 2), taken(100, NEW, 3), commit(141, OLD, 2)])).toHaveLength(1)
  })
})
