import { expect, it } from 'vitest'
import { SentMessages } from '../../../src/messages/sent-messages.ts'
import { ModelJournal } from './model-journal.ts'

function setup(limitBytes?: number) {
  const journal = new ModelJournal()
  const sent = new SentMessages({ journal, ...(limitBytes === undefined ? {} : { limitBytes }) })
  const record = (replyId: string, text = 'text'): void => {
    journal.replies.set(replyId, {
      reply: { replyId, chat: 'chat', text },
      recordedAtMs: 1,
      state: 'acked',
    })
  }
  return { journal, sent, record }
}

it('asks the journal once for what is asked for again and again', async () => {
  const { journal, sent, record } = setup()
  record('r1')
  for (let round = 0; round < 5; round++) expect(await sent.read('r1')).toMatchObject({ text: 'text' })
  expect(journal.statements).toEqual(['readReply'])
})

it('remembers no absence: what is recorded later is found', async () => {
  const { sent, record } = setup()
  expect(await sent.read('r1')).toBeUndefined()
  record('r1')
  expect(await sent.read('r1')).toMatchObject({ replyId: 'r1' })
})

it('stays within its bytes whatever is read, and lets go of what was asked for least recently', async () => {
  const { journal, sent, record } = setup(2_000)
  for (let index = 0; index < 100; index++) {
    record(`r${index}`, 'x'.repeat(index * 37))
    await sent.read(`r${index % 3 === 0 ? index : 1}`)
    expect(sent.cachedBytes).toBeLessThanOrEqual(2_000)
  }
  journal.statements.length = 0
  await sent.read('r1')
  expect(journal.statements).toEqual([])
  await sent.read('r2')
  expect(journal.statements).toEqual(['readReply'])
})

it('keeps one entry when many ask at once, and none after it gave its memory back', async () => {
  const { sent, record } = setup()
  record('r1')
  await Promise.all([sent.read('r1'), sent.read('r1'), sent.read('r1')])
  expect(sent.cachedBytes).toBeLessThan(300)
  await sent.reclaimer.reclaim()
  expect(sent.cachedBytes).toBe(0)
  expect(await sent.read('r1')).toMatchObject({ replyId: 'r1' })
})
