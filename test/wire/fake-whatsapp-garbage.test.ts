/** Whatever a client sends, the server and everybody else on it live on. */

import { randomBytes } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import type { BinaryNode } from '@whiskeysockets/baileys'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { describe, expect, it } from 'vitest'
import { useWire } from '../support/wire-fixture.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'

const { startServer, openClient } = useWire()

const TAGS = [
  'participants',
  'to',
  'enc',
  'retry',
  'keys',
  'key',
  'user',
  'list',
  'skey',
  'query',
  'registration',
]
const MORE_TAGS = [
  'type',
  'identity',
  'id',
  'value',
  'signature',
  'item',
  'participant',
  'group',
  'usync',
  'body',
]
const ATTRS = ['id', 'to', 'type', 'participant', 'recipient', 'jid', 'category', 'count', 'code', 'subject']
/** `xmlns`, type and first child of queries that the server answers. */
const QUERIES = [
  ['encrypt', 'set', 'registration'],
  ['encrypt', 'set', 'rotate'],
  ['encrypt', 'get', 'key'],
  ['usync', 'get', 'usync'],
  ['w:g2', 'set', 'create'],
  ['w:g2', 'set', 'add'],
  ['w:g2', 'set', 'subject'],
  ['w:g2', 'set', 'description'],
  ['w:g2', 'get', 'query'],
  ['w:sync:app:state', 'set', 'sync'],
  ['md', 'set', 'link_code_companion_reg'],
] as const

/** Any tree of stanzas that a server might look into. */
function inside(jids: readonly string[]): fc.Arbitrary<BinaryNode> {
  return fc.letrec<{ node: BinaryNode }>((tie) => ({
    node: fc.record({
      tag: fc.constantFrom(...TAGS, ...MORE_TAGS),
      attrs: attributes(jids),
      content: fc.oneof(
        { depthSize: 'medium' },
        fc.uint8Array({ maxLength: 100 }),
        fc.array(tie('node'), { maxLength: 4 }),
      ),
    }),
  })).node
}

function attributes(jids: readonly string[]): fc.Arbitrary<Record<string, string>> {
  const values = [...jids, 'retry', 'read', 'pkmsg', 'msg', 'skmsg', 'x@y', '', '7']
  return fc.dictionary(fc.constantFrom(...ATTRS), fc.constantFrom(...values), { maxKeys: 6 })
}

/** A stanza that the server does not pass over, with anything inside. */
function stanza(jids: readonly string[]): fc.Arbitrary<BinaryNode> {
  const to = fc.constantFrom(...jids)
  const content = fc.array(inside(jids), { maxLength: 4 })
  const tag = fc.constantFrom('message', 'receipt', 'ack', 'presence', 'chatstate', 'unheard')
  const plain = fc.record({ tag, attrs: attributes(jids), content })
  const addressed = fc
    .record({ to, tag, attrs: attributes(jids), content })
    .map((each) => ({ tag: each.tag, attrs: { ...each.attrs, to: each.to }, content: each.content }))
  const query = fc
    .record({ to, content, name: fc.constantFrom(...QUERIES), attrs: attributes(jids) })
    .map((each) => ({
      tag: 'iq',
      attrs: { id: 'Q', xmlns: each.name[0], type: each.name[1], to: each.to },
      content: [{ tag: each.name[2], attrs: each.attrs, content: each.content }],
    }))
  return fc.oneof(plain, addressed, query)
}

/** A request to send again, with whatever for keys. */
function retry(to: string): fc.Arbitrary<BinaryNode> {
  return fc.array(inside([to]), { maxLength: 5 }).map((keys) => ({
    tag: 'receipt',
    attrs: { id: 'KNOWN', to, type: 'retry' },
    content: [
      { tag: 'retry', attrs: {} },
      { tag: 'keys', attrs: {}, content: keys },
    ],
  }))
}

/** A new client logs in, writes, and is answered: so the server lives, and so does the contact. */
async function expectAlive(server: FakeWhatsApp): Promise<void> {
  const [account, contact] = [server.addAccount(), server.addContact()]
  const client = await openClient(server, account)
  await client.socket.sendMessage(contact.jid, { text: 'alive?' })
  await contact.inbox.waitFor('alive?')
  await contact.say('alive', { to: account })
  await client.message('alive')
}

describe('garbage', () => {
  it('in stanzas of a client that is logged in', async () => {
    const server = await startServer()
    const [account, contact] = [server.addAccount(), server.addContact()]
    const group = server.addGroup({ subject: 'Group', participants: [contact, account] })
    const client = await openClient(server, account)
    await contact.say('to be asked for again', { to: account, id: 'KNOWN' })
    await client.message('to be asked for again')
    const jids = [contact.jid, contact.lidJid, group.jid, account.jid, client.socket.user?.id ?? '', '1@g.us']
    await fc.assert(
      fc.asyncProperty(fc.oneof(stanza(jids), retry(contact.jid)), async (garbage) => {
        await client.socket.sendNode(garbage)
      }),
      { numRuns: 1_000 },
    )
    await client.socket.fetchBlocklist()
    await server.idle()
    const { protocolErrors, troubles } = server.truth()
    expect(protocolErrors).toBe(0)
    // Keys that are none; all else is passed over without a word.
    expect(new Set(troubles.map((trouble) => trouble.replace(/^.*: /, '')))).toEqual(
      new Set(['Invalid public key']),
    )
    await expectAlive(server)
  })

  it('in sealed frames of a client that is logged in', async () => {
    const server = await startServer()
    const client = await openClient(server, server.addAccount())
    await client.socket.sendRawMessage(randomBytes(50))
    await client.closed()
    expect(server.truth().protocolErrors).toBe(1)
    await expectAlive(server)
  })

  it('on a WebSocket, and on the port', async () => {
    const server = await startServer()
    for (const bytes of [
      randomBytes(64),
      Buffer.from('WA\u0006\u0003garbage'),
      Buffer.from([0x57, 0x41, 6, 3, 0, 0, 2, 9, 9]),
    ]) {
      const socket = new WebSocket(server.url)
      await new Promise((resolve) => {
        socket.once('open', resolve)
      })
      const closed = new Promise((resolve) => {
        socket.once('close', resolve)
      })
      socket.send(bytes)
      // What may be the beginning of a long frame is waited for.
      if (bytes.subarray(4, 5).toString() === 'g') socket.terminate()
      await closed
      const tcp = connectTcp(server.port, '127.0.0.1')
      tcp.on('error', () => undefined)
      tcp.resume()
      const ended = new Promise((resolve) => {
        tcp.once('close', resolve)
      })
      tcp.end(bytes)
      await ended
    }
    expect(server.truth().connections).toHaveLength(3)
    await expectAlive(server)
  })
})
