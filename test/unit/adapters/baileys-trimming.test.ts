/** What is taken out of a Baileys socket: on the real parts, so that a change of theirs is noticed. */

import { MessageRetryManager, makeEventBuffer } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { createBaileysLogger } from '../../../src/adapters/baileys-logger.ts'
import { boundRetryManager, dropUnheardEvents } from '../../../src/adapters/baileys-trimming.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const logger = createBaileysLogger(new RecordingLogger())

describe('dropUnheardEvents', () => {
  it('lets through what is listened to, and nothing else', () => {
    const ev = makeEventBuffer(logger)
    const heard: string[] = []
    ev.on('creds.update', () => heard.push('theirs'))
    dropUnheardEvents(ev)
    ev.on('creds.update', () => heard.push('ours'))
    ev.on('messages.upsert', () => heard.push('messages'))
    ev.emit('creds.update', {})
    ev.emit('messages.upsert', { messages: [], type: 'notify' })
    expect(heard).toEqual(['ours'])
    ev.destroy()
  })

  it('keeps nothing in the buffer that Baileys fills while messages are replayed', () => {
    const ev = makeEventBuffer(logger)
    const heard: string[] = []
    dropUnheardEvents(ev)
    ev.on('messages.upsert', ({ messages }) => heard.push(...messages.map(({ key }) => key.id ?? '')))
    ev.buffer()
    for (let index = 0; index < 10; index += 1) {
      ev.emit('messages.upsert', { messages: [{ key: { id: `${index}`, remoteJid: 'a' } }], type: 'append' })
    }
    ev.flush()
    expect(heard).toEqual([])
    ev.destroy()
  })
})

describe('boundRetryManager', () => {
  it('leaves counting as it was, within bounds, without timers, without messages', () => {
    const manager = new MessageRetryManager(logger, 5)
    boundRetryManager(new ManualClock(), manager)
    for (let index = 0; index < 5_000; index += 1) manager.incrementRetryCount(`message-${index}`)
    expect(manager.getRetryCount('message-0')).toBe(0)
    for (let index = 0; index < 5; index += 1) manager.incrementRetryCount('message')
    expect(manager.hasExceededMaxRetries('message')).toBe(true)
    manager.addRecentMessage('chat', 'id', { conversation: 'x' })
    expect(manager.getRecentMessage('chat', 'id')).toBeUndefined()
    expect(manager.shouldRecreateSession('a', true).recreate).toBe(true)
    expect(manager.shouldRecreateSession('a', true).recreate).toBe(false)
    manager.clear()
    expect(manager.getRetryCount('message')).toBe(0)
  })
})
