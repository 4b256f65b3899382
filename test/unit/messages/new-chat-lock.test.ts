/** The reach-out time lock: who waits, and when it is over. */

import { describe, expect, it } from 'vitest'
import { NewChatLock } from '../../../src/messages/new-chat-lock.ts'

describe('NewChatLock', () => {
  it('is in nobody’s way before anything was refused', () => {
    const lock = new NewChatLock()
    lock.sent('a', 100)
    expect(lock.notBeforeMs('b')).toBe(0)
  })

  it('holds new chats back, and no known one', () => {
    const lock = new NewChatLock()
    lock.taken('known')
    lock.refused('new', 100)
    expect(['known', 'new', 'newer'].map((chat) => lock.notBeforeMs(chat))).toEqual([0, 100, 100])
  })

  it('takes a chat that was refused as new, whatever was believed', () => {
    const lock = new NewChatLock()
    lock.taken('a')
    lock.refused('a', 100)
    expect(lock.notBeforeMs('a')).toBe(100)
  })

  it('lets one try, and the others wait for what becomes of it', () => {
    const lock = new NewChatLock()
    lock.refused('a', 100)
    lock.sent('a', 160)
    expect(lock.notBeforeMs('b')).toBe(160)
    lock.taken('a')
    expect(lock.notBeforeMs('b')).toBe(0)
  })

  it('is not taken as over when a known chat takes something', () => {
    const lock = new NewChatLock()
    lock.taken('known')
    lock.refused('a', 100)
    lock.taken('known')
    expect(lock.notBeforeMs('b')).toBe(100)
  })

  it('learns of chats of the time before, but for those it was refused since', () => {
    const lock = new NewChatLock()
    lock.refused('refused', 100)
    lock.recall(['earlier', 'refused'])
    expect(['earlier', 'refused'].map((chat) => lock.notBeforeMs(chat))).toEqual([0, 100])
  })

  it('asks no more of a chat that was refused once its lock is over', () => {
    const lock = new NewChatLock()
    lock.refused('a', 100)
    lock.taken('other')
    lock.refused('b', 200)
    lock.recall(['a'])
    expect(lock.notBeforeMs('a')).toBe(0)
  })

  it('forgets what it was told before what it has seen itself', () => {
    const lock = new NewChatLock()
    lock.taken('seen')
    lock.recall(Array.from({ length: 6_000 }, (_, index) => `chat-${index}`))
    lock.refused('new', 100)
    const chats = ['seen', 'chat-0', 'chat-4998', 'chat-4999']
    expect(chats.map((chat) => lock.notBeforeMs(chat))).toEqual([0, 0, 0, 100])
  })

  it('knows a bounded number of chats, the latest', () => {
    const lock = new NewChatLock()
    for (let index = 0; index < 6_000; index += 1) lock.taken(`chat-${index}`)
    lock.refused('new', 100)
    expect([lock.notBeforeMs('chat-0'), lock.notBeforeMs('chat-5999')]).toEqual([100, 0])
  })
})
