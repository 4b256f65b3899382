/**
 * Frames that nobody ever meant: sound nodes with bits turned over, cut, stretched, and with their parts exchanged,
 * sealed properly, so that they reach every handler of Baileys'. Each would do its worst if one rejection of one
 * handler were left unhandled. A million instead of 100,000 with FUZZ_FRAMES=1000000 in the environment.
 */

import { encodeBinaryNode, initAuthCreds } from '@whiskeysockets/baileys'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { stanza } from '../../sim/whatsapp/wire/stanza.ts'
import type { Stanza } from '../../sim/whatsapp/wire/stanza.ts'
import { createBaileysCaches } from '../../src/adapters/baileys-caches.ts'
import { silenceLibraryConsole } from '../../src/adapters/baileys-console.ts'
import { GroupCache } from '../../src/adapters/baileys-group-cache.ts'
import { BaileysLink } from '../../src/adapters/baileys-link.ts'
import { BAILEYS_SETTINGS } from '../../src/adapters/baileys-settings.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { BareWhatsApp } from '../support/bare-whatsapp.ts'
import { memoryAuth } from '../support/baileys-client.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 100_000)
const BATCH = 1_000
/** A busy machine needs seconds for a batch that a quick one has done at once. */
const MARK_TIMEOUT_MS = 3_000
const TIMEOUT_MS = Math.max(120_000, FRAMES * 2)
const ANNA = '492@s.whatsapp.net'
const GROUP = '120363@g.us'
const bytes = (length: number): Buffer => Buffer.alloc(length, length)

/** One of each kind that WhatsApp sends, but for those that rightly end a connection. */
const SOUND: readonly Stanza[] = [
  stanza('message', { id: 'A1', from: ANNA, t: '1700000000', type: 'text', notify: 'Anna' }, [
    stanza('enc', { v: '2', type: 'pkmsg' }, bytes(120)),
  ]),
  stanza(
    'message',
    { id: 'A2', from: GROUP, participant: '78@lid', participant_pn: ANNA, t: '1700000000', offline: '1' },
    [stanza('enc', { v: '2', type: 'skmsg' }, bytes(80))],
  ),
  stanza('message', { id: 'A3', from: ANNA, t: '1700000000' }, [stanza('plaintext', {}, bytes(20))]),
  stanza('receipt', { id: 'A4', from: ANNA, t: '1700000000', type: 'retry' }, [
    stanza('retry', { count: '1', id: 'A4', t: '1', v: '1' }),
    stanza('registration', {}, bytes(4)),
    stanza('keys', {}, [stanza('type', {}, bytes(1)), stanza('identity', {}, bytes(32))]),
  ]),
  stanza('receipt', { id: 'A5', from: GROUP, participant: ANNA, t: '1700000000' }, [
    stanza('list', {}, [stanza('item', { id: 'A6' })]),
  ]),
  stanza('notification', { id: 'N1', from: GROUP, type: 'w:gp2', participant: ANNA, t: '1700000000' }, [
    stanza('add', {}, [stanza('participant', { jid: ANNA })]),
  ]),
  ...[
    'devices',
    'encrypt',
    'account_sync',
    'picture',
    'server_sync',
    'link_code_companion_reg',
    'mediaretry',
    'newsletter',
    'mex',
    'privacy_token',
    'server',
  ].map((type, index) =>
    stanza('notification', { id: `N${index + 2}`, from: ANNA, type, t: '1700000000' }, [
      stanza(
        'update',
        { hash: 'x', op_name: 'NotificationUserReachoutTimelockUpdate' },
        Buffer.from('{"data":null}'),
      ),
      stanza('count', { value: '3' }),
    ]),
  ),
  stanza('ack', { id: 'A7', class: 'message', from: ANNA, error: '479' }),
  stanza('ack', { id: 'A8', class: 'message', from: ANNA, t: '1' }),
  stanza('call', { id: 'C1', from: ANNA, t: '1700000000' }, [
    stanza('offer', { 'call-id': 'X', 'call-creator': ANNA }),
  ]),
  stanza('presence', { from: ANNA, type: 'unavailable', last: 'deny' }),
  stanza('chatstate', { from: ANNA }, [stanza('composing', {})]),
  stanza('ib', { from: 's.whatsapp.net' }, [stanza('dirty', { type: 'account_sync', timestamp: '1' })]),
  stanza('ib', { from: 's.whatsapp.net' }, [stanza('offline', { count: '0' })]),
  stanza('ib', { from: 's.whatsapp.net' }, [
    stanza('edge_routing', {}, [stanza('routing_info', {}, bytes(8))]),
  ]),
]

function ignore(): void {
  // Nobody waits for it yet.
}

type Turn = { readonly at: number; readonly value: number }

function frameArbitrary(): fc.Arbitrary<Uint8Array> {
  const turns = fc.array(fc.record({ at: fc.nat(400), value: fc.nat(255) }), { minLength: 1, maxLength: 6 })
  const kept = fc.double({ min: 0, max: 1, noNaN: true })
  const nested = fc.tuple(fc.constantFrom(...SOUND), fc.constantFrom(...SOUND))
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(...SOUND), turns).map(([node, given]) => turned(node, given)),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...SOUND), kept).map(([node, part]) => cut(node, part)),
    },
    {
      weight: 2,
      arbitrary: nested.map(([outer, inner]) =>
        encodeBinaryNode({ ...outer, content: inner.content ?? [inner] }),
      ),
    },
    {
      weight: 2,
      arbitrary: nested.map(([outer, inner]) => encodeBinaryNode({ ...outer, attrs: inner.attrs })),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  )
}

function turned(node: Stanza, turns: readonly Turn[]): Uint8Array {
  const encoded = Buffer.from(encodeBinaryNode(node))
  for (const { at, value } of turns) encoded[at % encoded.length] = value
  return encoded
}

function cut(node: Stanza, part: number): Uint8Array {
  const encoded = encodeBinaryNode(node)
  return encoded.subarray(0, Math.floor(encoded.length * part))
}

describe('frames that nobody meant', () => {
  const server = new BareWhatsApp()
  const links: BaileysLink[] = []
  afterEach(async () => {
    for (const link of links) link.dispose()
    await server.close()
  })

  it('are each survived, by a link that is not even ended for them', { timeout: TIMEOUT_MS }, async () => {
    silenceLibraryConsole()
    await server.listening()
    const unhandled: unknown[] = []
    const noteUnhandled = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', noteUnhandled)
    const frames = fc.sample(frameArbitrary(), { numRuns: FRAMES, seed: 20_250_101 })
    let broken = 0
    let connections = 0
    let onAck: (id: string) => void = ignore
    let onClosed: () => void = ignore
    let link = await open()
    for (let start = 0; start < frames.length; start += BATCH) {
      for (const frame of frames.slice(start, start + BATCH)) server.sendPlain(frame)
      if (await isThrough(`MARK-${start}`)) continue
      link.dispose()
      link = await open()
    }
    // What the last frames have set going comes to its end.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    process.off('unhandledRejection', noteUnhandled)
    expect(unhandled).toEqual([])
    // Both must have been there: frames that cannot be decoded, and a link that went on through thousands of them.
    expect(broken).toBeGreaterThan(frames.length / 20)
    expect(connections).toBeLessThan(frames.length / 100)

    async function open(): Promise<BaileysLink> {
      connections += 1
      const opened = Promise.withResolvers<void>()
      const clock = new SystemClock()
      const auth = memoryAuth({
        ...initAuthCreds(),
        me: { id: '491:5@s.whatsapp.net', lid: '77:5@lid' },
        account: {},
      })
      const made = new BaileysLink(
        {
          clock,
          logger: new RecordingLogger(),
          settings: {
            ...BAILEYS_SETTINGS,
            url: server.url,
            queryTimeoutMs: 500,
            maxWaitingMessages: 1_000_000,
          },
          caches: createBaileysCaches(clock),
          groups: new GroupCache(clock),
          readSent: () => Promise.resolve(undefined),
          onPairingCode: () => undefined,
        },
        {
          auth: {
            creds: { ...auth.creds },
            keys: {
              get: async (type, ids) => auth.keys.get(type as 'session', [...ids]),
              set: async (changes) => auth.keys.set(changes),
            },
            saveCreds: () => Promise.resolve(),
          },
          creds: auth.creds,
          version: [2, 3000, 1],
        },
        {
          isAlive: () => true,
          mayUseKeys: () => true,
          accept: () => Promise.resolve(),
          onQr: () => undefined,
          onOpen: () => opened.resolve(),
          onAck: (id) => onAck(id),
          onPhoneSeen: () => undefined,
          // An owner that does not cut: the next frame meets the same link.
          onBroken: () => (broken += 1),
          onClosing: () => undefined,
          onClosed: () => onClosed(),
        },
      )
      links.push(made)
      await opened.promise
      return made
    }

    /** A sound stanza is heard of; false when the link has ended, as after a mutation that amounts to an end. */
    function isThrough(mark: string): Promise<boolean> {
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), MARK_TIMEOUT_MS)
        onClosed = () => {
          clearTimeout(timer)
          resolve(false)
        }
        onAck = (id) => {
          if (id !== mark) return
          clearTimeout(timer)
          resolve(true)
        }
        server.send(stanza('ack', { id: mark, class: 'message', from: ANNA, t: '1' }))
      })
    }
  })
})
