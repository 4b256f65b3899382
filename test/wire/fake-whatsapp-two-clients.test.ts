import { getAggregateVotesInPollMessage, proto } from '@whiskeysockets/baileys'
import type { WAMessage } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { textOf } from '../support/baileys-client.ts'
import { useWire } from '../support/wire-fixture.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import type { TestClient } from '../support/baileys-client.ts'

const { startServer, openClient, connect } = useWire()

interface Pair {
  readonly server: FakeWhatsApp
  readonly anna: Account
  readonly ben: Account
  readonly annasBot: TestClient
  readonly bensBot: TestClient
}

async function openPair(): Promise<Pair> {
  const server = await startServer()
  const [anna, ben] = [server.addAccount({ name: 'Anna' }), server.addAccount({ name: 'Ben' })]
  const [annasBot, bensBot] = await Promise.all([openClient(server, anna), openClient(server, ben)])
  return { server, anna, ben, annasBot, bensBot }
}

async function send(
  client: TestClient,
  ...args: Parameters<TestClient['socket']['sendMessage']>
): Promise<WAMessage> {
  const sent = await client.socket.sendMessage(...args)
  if (sent === undefined) throw new Error('nothing was sent')
  return sent
}

function kindIs(kind: keyof proto.IMessage): (message: WAMessage) => boolean {
  return ({ message }) => message?.[kind] !== undefined && message[kind] !== null
}

describe('two real clients', () => {
  it('write to one another, see each other’s names and receipts', async () => {
    const { server, anna, ben, annasBot, bensBot } = await openPair()
    const sent = await send(annasBot, ben.jid, { text: 'hi Ben' })
    expect(await bensBot.message('hi Ben')).toMatchObject({
      pushName: 'Anna',
      key: { remoteJid: anna.jid, fromMe: false, id: sent.key.id },
    })
    await send(bensBot, anna.jid, { text: 'hi Anna' })
    expect(await annasBot.message('hi Anna')).toMatchObject({ pushName: 'Ben' })
    const status = (): number | undefined => annasBot.statuses.get(sent.key.id ?? '')
    await expect.poll(status).toBe(proto.WebMessageInfo.Status.DELIVERY_ACK)
    await bensBot.socket.readMessages([(await bensBot.message('hi Ben')).key])
    await expect.poll(status).toBe(proto.WebMessageInfo.Status.READ)
    // Both phones see both sides of the chat.
    await ben.inbox.waitFor('hi Ben')
    expect(await ben.inbox.waitFor('hi Anna')).toMatchObject({ isOwn: true, chat: anna.jid })
    expect(server.truth()).toMatchObject({ failures: [], keyReuses: [] })
  })

  it('quote, forward and send contacts', async () => {
    const { anna, ben, annasBot, bensBot } = await openPair()
    await send(annasBot, ben.jid, { text: 'a question' })
    const question = await bensBot.message('a question')
    await send(bensBot, anna.jid, { text: 'an answer' }, { quoted: question })
    const answer = await annasBot.message('an answer')
    const { contextInfo } = answer.message?.extendedTextMessage ?? {}
    expect(contextInfo).toMatchObject({
      stanzaId: question.key.id,
      quotedMessage: { extendedTextMessage: { text: 'a question' } },
    })
    await send(bensBot, anna.jid, { forward: question, force: true })
    const forwarded = await annasBot.message(
      (message) =>
        message.message?.extendedTextMessage?.text === 'a question' && message.key.fromMe === false,
    )
    expect(forwarded.message?.extendedTextMessage?.contextInfo?.isForwarded).toBe(true)
    await send(annasBot, ben.jid, {
      contacts: { displayName: 'Carl', contacts: [{ vcard: 'BEGIN:VCARD\nFN:Carl\nEND:VCARD' }] },
    })
    const card = await bensBot.message(kindIs('contactMessage'))
    expect(card.message?.contactMessage?.vcard).toContain('FN:Carl')
  })

  it('react, edit and revoke', async () => {
    const { anna, ben, annasBot, bensBot } = await openPair()
    const sent = await send(annasBot, ben.jid, { text: 'frist' })
    const { key } = await bensBot.message('frist')
    const reaction = annasBot.event('messages.reaction')
    await send(bensBot, anna.jid, { react: { text: '👍', key } })
    expect((await reaction)[0]).toMatchObject({ key: { id: sent.key.id }, reaction: { text: '👍' } })

    // Baileys gathers updates when it is busy: what is looked for need not come alone, nor first.
    const edited = bensBot.event('messages.update', (all) => all.some(({ update }) => update.message))
    await send(annasBot, ben.jid, { text: 'first', edit: sent.key })
    expect((await edited).find(({ update }) => update.message)).toMatchObject({
      key: { id: sent.key.id },
      update: { message: { editedMessage: { message: { extendedTextMessage: { text: 'first' } } } } },
    })

    const revoked = bensBot.event('messages.update', (all) =>
      all.some(({ update }) => update.message === null),
    )
    await send(annasBot, ben.jid, { delete: sent.key })
    const change = (await revoked).find(({ update }) => update.message === null)
    expect(change?.key).toMatchObject({ id: sent.key.id })
  })

  it('ask and vote in polls', async () => {
    const { anna, ben, annasBot, bensBot } = await openPair()
    await send(annasBot, ben.jid, { poll: { name: 'Tea?', values: ['yes', 'no'], selectableCount: 1 } })
    const poll = await bensBot.message(kindIs('pollCreationMessageV3'))
    expect(poll.message?.pollCreationMessageV3?.options?.map((option) => option.optionName)).toEqual([
      'yes',
      'no',
    ])
    expect(getAggregateVotesInPollMessage(poll).map((option) => option.name)).toEqual(['yes', 'no'])
    // A vote travels sealed; carrying it is all that a server does.
    const pollUpdateMessage = {
      pollCreationMessageKey: poll.key,
      vote: { encPayload: Buffer.from('sealed'), encIv: Buffer.alloc(12) },
      senderTimestampMs: 1,
    }
    await bensBot.socket.relayMessage(anna.jid, { pollUpdateMessage }, {})
    const vote = await annasBot.message(kindIs('pollUpdateMessage'))
    expect(vote.message?.pollUpdateMessage?.pollCreationMessageKey?.id).toBe(poll.key.id)
  })

  it('keep what one writes for the other who is away', async () => {
    const { server, ben, annasBot, bensBot } = await openPair()
    await bensBot.end()
    await expect.poll(() => ben.linkedDevices[0]?.link).toBe(undefined)
    for (const text of ['one', 'two', 'three']) await send(annasBot, ben.jid, { text })
    await ben.inbox.waitFor('three')
    const back = connect(server, bensBot.auth)
    await back.opened()
    await back.message('three')
    expect(back.upserts.map(({ type, message }) => [type, textOf(message)])).toEqual([
      ['append', 'one'],
      ['append', 'two'],
      ['append', 'three'],
    ])
    expect(server.truth().failures).toEqual([])
  })
})

describe('what one client cannot read of another', () => {
  it.each(['chat', 'group'] as const)('in a %s is asked for, sent again, and healed', async (where) => {
    const { server, anna, ben, annasBot, bensBot } = await openPair()
    const group = server.addGroup({ subject: 'Two', participants: [anna, ben] })
    const to = where === 'chat' ? ben.jid : group.jid
    await send(annasBot, to, { text: 'first' })
    await bensBot.message('first')
    await send(bensBot, anna.jid, { text: 'so that the session is settled' })
    await annasBot.message('so that the session is settled')
    for (const type of ['session', 'sender-key']) bensBot.auth.data.get(type)?.clear()
    await send(annasBot, to, { text: 'unreadable at first' })
    await bensBot.message('unreadable at first')
    expect(server.truth().receipts.map((receipt) => receipt.type)).toContain('retry')
  })
})

describe('a device that is linked meanwhile', () => {
  it('gets what is written from then on, and nothing once it is removed', async () => {
    const { server, anna, ben, annasBot, bensBot } = await openPair()
    await send(annasBot, ben.jid, { text: 'before' })
    await bensBot.message('before')
    const second = await openClient(server, ben)
    await send(annasBot, ben.jid, { text: 'to both' })
    await second.message('to both')
    const device = ben.linkedDevices.at(-1)
    if (device !== undefined) ben.removeDevice(device)
    await second.closed()
    const known = async (): Promise<number> =>
      (await annasBot.socket.getUSyncDevices([ben.jid], true, false)).length
    await expect.poll(known).toBe(2)
    await send(annasBot, ben.jid, { text: 'to the one that is left' })
    await bensBot.message('to the one that is left')
    expect(second.upserts).toHaveLength(1)
    expect(
      server
        .truth()
        .sent.filter((each) => each.from.startsWith(anna.lid))
        .at(-1)?.recipients,
    ).toBe(3)
  })
})

describe('a group that a client makes', () => {
  it('is announced, carries messages, and is fresh after each change', async () => {
    const { server, anna, ben, annasBot, bensBot } = await openPair()
    const carl = server.addContact({ name: 'Carl' })
    const announced = bensBot.event('groups.upsert')
    const made = await annasBot.socket.groupCreate('Plans', [ben.jid])
    expect((await announced)[0]).toMatchObject({ id: made.id, subject: 'Plans', owner: anna.lidJid })

    await send(annasBot, made.id, { text: 'welcome' })
    expect((await bensBot.message('welcome')).key).toMatchObject({
      remoteJid: made.id,
      participant: anna.lidJid,
    })
    await send(bensBot, made.id, { text: 'thanks' })
    await annasBot.message('thanks')

    const heard = bensBot.event('group-participants.update')
    const added = await annasBot.socket.groupParticipantsUpdate(
      made.id,
      [carl.jid, ben.jid, '19998887777@s.whatsapp.net'],
      'add',
    )
    expect(added.map((each) => each.status)).toEqual(['200', '409', '404'])
    expect((await heard).participants.map((each) => each.id)).toEqual([carl.lidJid])
    await send(annasBot, made.id, { text: 'hello Carl' })
    await carl.inbox.waitFor('hello Carl')

    await annasBot.socket.groupParticipantsUpdate(made.id, [ben.jid], 'promote')
    await bensBot.socket.groupUpdateSubject(made.id, 'Better plans')
    await bensBot.socket.groupUpdateDescription(made.id, 'what we plan')
    await bensBot.socket.groupSettingUpdate(made.id, 'announcement')
    expect(await annasBot.socket.groupMetadata(made.id)).toMatchObject({
      subject: 'Better plans',
      desc: 'what we plan',
      announce: true,
      participants: [{ admin: 'superadmin' }, { id: ben.lidJid, admin: 'admin' }, { id: carl.lidJid }],
    })
    await bensBot.socket.groupParticipantsUpdate(made.id, [carl.jid], 'remove')
    await send(bensBot, made.id, { text: 'without Carl' })
    await annasBot.message('without Carl')
    await server.idle()
    expect(carl.inbox.messages.map((message) => message.text)).toEqual(['hello Carl'])
    await bensBot.socket.groupLeave(made.id)
    expect((await annasBot.socket.groupMetadata(made.id)).participants).toHaveLength(1)
    expect(server.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  })

  it('lets only admins change it, and lets people in by its link', async () => {
    const { ben, annasBot, bensBot } = await openPair()
    const { id } = await annasBot.socket.groupCreate('Plans', [])
    await expect(bensBot.socket.groupUpdateSubject(id, 'Mine')).rejects.toMatchObject({ data: 403 })
    const code = await annasBot.socket.groupInviteCode(id)
    expect(await bensBot.socket.groupAcceptInvite(code ?? '')).toBe(id)
    expect((await bensBot.socket.groupMetadata(id)).participants.at(-1)?.id).toBe(ben.lidJid)
    await expect(bensBot.socket.groupParticipantsUpdate(id, [ben.jid], 'promote')).rejects.toMatchObject({
      data: 403,
    })
    await annasBot.socket.groupRevokeInvite(id)
    await expect(bensBot.socket.groupAcceptInvite(code ?? '')).rejects.toMatchObject({ data: 406 })
  })
})
