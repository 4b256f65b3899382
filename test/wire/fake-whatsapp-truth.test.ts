import { BufferJSON } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { memoryAuth } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'
import type { MemoryAuth, TestClient } from '../support/baileys-client.ts'

const { startServer, openClient, connect } = useWire()

/** The auth state as it is now, as a bot restores it that lost its last writes. */
function copyOf(auth: MemoryAuth): MemoryAuth {
  const copy = memoryAuth(copied(auth.creds))
  for (const [type, values] of auth.data) copy.data.set(type, new Map(copied([...values])))
  return copy
}

function copied<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver) as Value
}

async function send(client: TestClient, jid: string, text: string): Promise<void> {
  await client.socket.sendMessage(jid, { text })
}

describe('a bot that restores old keys', () => {
  it('is seen to use a group key twice; the contact cannot read it at first, and it heals', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const group = server.addGroup({ subject: 'Friends', participants: [alice, account] })
    const client = await openClient(server, account)
    for (const text of ['one', 'two']) await send(client, group.jid, text)
    const old = copyOf(client.auth)
    await send(client, group.jid, 'three')
    await alice.inbox.waitFor('three')
    await client.end()
    expect(server.truth()).toMatchObject({ keyReuses: [], failures: [] })

    const restored = connect(server, old)
    await restored.opened()
    await send(restored, group.jid, 'another three')
    await alice.inbox.waitFor('another three')
    await expect.poll(() => server.truth().unhealedFailures).toBe(0)
    const { keyReuses, failures } = server.truth()
    expect(keyReuses).toMatchObject([{ kind: 'group', between: expect.stringContaining(group.jid) }])
    const oldCounter = expect.stringContaining('old counter') as string
    // Neither the contact nor the own phone could read it.
    expect(failures.map(({ at, error }) => [at, error])).toEqual([
      [`${alice.lid}.0`, oldCounter],
      [`${account.lid}.0`, oldCounter],
    ])
  })

  it('is seen to use a chat key twice', async () => {
    const server = await startServer()
    const [account, alice] = [server.addAccount(), server.addContact()]
    const client = await openClient(server, account)
    await alice.say('hi', { to: account })
    await client.message('hi')
    await send(client, alice.jid, 'one')
    await alice.inbox.waitFor('one')
    const old = copyOf(client.auth)
    await send(client, alice.jid, 'two')
    await alice.inbox.waitFor('two')
    await client.end()
    expect(server.truth().keyReuses).toEqual([])

    // Baileys renews a chat's session whenever it fetches the device list: a list that is known keeps the old one.
    const { userDevicesCache } = client.socket as unknown as { userDevicesCache: never }
    const restored = connect(server, old, { userDevicesCache })
    await restored.opened()
    for (const { pn, lid } of [alice, account]) {
      const devices = [{ user: pn, device: 0, server: 's.whatsapp.net' }]
      await (restored.socket as unknown as DeviceCacheOwner).userDevicesCache.set(pn, devices)
      await (restored.socket as unknown as DeviceCacheOwner).userDevicesCache.set(lid, devices)
    }
    await send(restored, alice.jid, 'another two')
    await expect.poll(() => server.truth().keyReuses.map((reuse) => reuse.kind)).toContain('direct')
  })
})

interface DeviceCacheOwner {
  readonly userDevicesCache: { set(key: string, value: unknown): Promise<void> | void }
}

describe('an ordinary run', () => {
  it('shows no key used twice and no failure, over restarts and with everybody talking at once', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const contacts = [
      server.addContact(),
      server.addContact({ addressing: 'lid' }),
      server.addContact({ devices: 2 }),
    ]
    const group = server.addGroup({ subject: 'All', participants: [...contacts, account] })
    const auth = memoryAuth(account.linkedDevice().creds)
    for (let round = 0; round < 3; round += 1) {
      const client = connect(server, auth)
      await client.opened()
      await Promise.all(
        contacts.map(async (contact, index) => {
          await contact.say(`ask ${round} ${index}`, { to: account })
          const { key } = await client.message(`ask ${round} ${index}`)
          await send(client, key.remoteJid ?? '', `answer ${round} ${index}`)
          await contact.say(`all ${round} ${index}`, { to: group })
          await client.message(`all ${round} ${index}`)
          await send(client, group.jid, `group ${round} ${index}`)
          await contact.inbox.waitFor(`answer ${round} ${index}`)
          await contact.inbox.waitFor(`group ${round} ${index}`)
        }),
      )
      await client.end()
    }
    await server.idle()
    const truth = server.truth()
    expect(truth).toMatchObject({ keyReuses: [], failures: [], protocolErrors: 0, unknownQueries: {} })
    expect(truth.ratchetSteps).toBeGreaterThan(18)
    expect(truth.connections).toHaveLength(3)
    expect(truth.connections.every((each) => each.loggedInAtMs !== undefined)).toBe(true)
    expect(truth.mostConnectionsInAMinute).toBe(3)
    expect(truth.sessions.map((session) => session.with)).toContain(`${account.lid}.5`)
    expect(truth.presences.length).toBeGreaterThan(0)
    expect(() => JSON.stringify(truth)).not.toThrow()
  })
})
