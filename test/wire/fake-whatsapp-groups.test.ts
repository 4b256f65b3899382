import { describe, expect, it } from 'vitest'
import { useWire } from '../support/wire-fixture.ts'

const { startServer, openClient } = useWire()

describe.each(['lid', 'pn'] as const)('a group that addresses by %s', (addressing) => {
  it('carries messages both ways under sender keys', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const [alice, bob] = [server.addContact({ devices: 2 }), server.addContact()]
    const group = server.addGroup({ subject: 'Friends', participants: [alice, bob, account], addressing })
    const client = await openClient(server, account)

    await alice.say('hello all', { to: group })
    const { key } = await client.message('hello all')
    expect(key).toMatchObject({ remoteJid: group.jid, fromMe: false })
    expect(key.participant).toBe(addressing === 'lid' ? alice.lidJid : alice.jid)
    await alice.say('again', { to: group })
    await client.message('again')
    expect((await bob.inbox.waitFor('again')).from).toBe(alice.pn)

    for (const text of ['one', 'two', 'three']) await client.socket.sendMessage(group.jid, { text })
    expect(await bob.inbox.waitFor('three')).toMatchObject({ chat: group.jid, from: account.pn })
    await server.idle()
    expect(
      alice.inbox.messages.filter((message) => message.from === account.pn).map((m) => m.openedBy),
    ).toEqual(Array.from({ length: 3 }, () => [0, 1]))
    expect(account.inbox.messages.filter((message) => message.isOwn)).toHaveLength(3)
    expect(server.truth()).toMatchObject({ failures: [], keyReuses: [] })
  })
})

describe('group metadata', () => {
  it('shows subject, members and admins', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const alice = server.addContact()
    const group = server.addGroup({ subject: 'Friends', participants: [alice, account] })
    const client = await openClient(server, account)
    expect(await client.socket.groupMetadata(group.jid)).toMatchObject({
      id: group.jid,
      subject: 'Friends',
      owner: alice.lidJid,
      participants: [
        { id: alice.lidJid, phoneNumber: alice.jid, admin: 'superadmin' },
        { id: account.lidJid, phoneNumber: account.jid, admin: null },
      ],
    })
    expect(Object.keys(await client.socket.groupFetchAllParticipating())).toEqual([group.jid])
  })

  it('changes with members, and the client hears of each change', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const [alice, bob] = [server.addContact(), server.addContact()]
    const group = server.addGroup({ subject: 'Friends', participants: [alice, account] })
    const client = await openClient(server, account)
    const change = async (act: () => void): Promise<unknown> => {
      const heard = client.event('group-participants.update')
      act()
      const { action, participants } = await heard
      return { action, who: participants.map((each) => each.id) }
    }
    const bobs = [bob.lidJid]
    expect(await change(() => group.add(bob))).toEqual({ action: 'add', who: bobs })
    expect(await change(() => group.promote(bob))).toEqual({ action: 'promote', who: bobs })
    expect((await client.socket.groupMetadata(group.jid)).participants.at(-1)?.admin).toBe('admin')
    expect(await change(() => group.demote(bob))).toEqual({ action: 'demote', who: bobs })
    expect(await change(() => group.remove(bob))).toEqual({ action: 'remove', who: bobs })
    expect((await client.socket.groupMetadata(group.jid)).participants).toHaveLength(2)
  })

  it('is refused to those who are not in the group, and to unknown groups', async () => {
    const server = await startServer()
    const alice = server.addContact()
    const group = server.addGroup({ subject: 'Without you', participants: [alice] })
    const client = await openClient(server, server.addAccount())
    await expect(client.socket.groupMetadata(group.jid)).rejects.toMatchObject({ data: 403 })
    await expect(client.socket.groupMetadata('1@g.us')).rejects.toMatchObject({ data: 404 })
  })
})

describe('after somebody left', () => {
  it('the others change their keys, and the client can read them still', async () => {
    const server = await startServer()
    const account = server.addAccount()
    const [alice, bob] = [server.addContact(), server.addContact()]
    const group = server.addGroup({ subject: 'Friends', participants: [alice, bob, account] })
    const client = await openClient(server, account)
    await alice.say('before', { to: group })
    await client.message('before')
    group.remove(bob)
    await alice.say('after', { to: group })
    await client.message('after')
    expect(bob.inbox.messages.map((message) => message.text)).toEqual(['before'])
  })
})
