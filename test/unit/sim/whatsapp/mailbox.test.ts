import { describe, expect, it } from 'vitest'
import { Mailbox } from '../../../../sim/whatsapp/directory/mailbox.ts'
import { stanza } from '../../../../sim/whatsapp/wire/stanza.ts'

const ids = (mailbox: Mailbox): (string | undefined)[] =>
  mailbox.waiting().map((each) => each.stanza.attrs['id'])

describe('a mailbox', () => {
  it('keeps what was delivered until it is acknowledged', () => {
    const mailbox = new Mailbox()
    const first = mailbox.add(stanza('message', { id: 'A' }))
    mailbox.add(stanza('message', { id: 'B' }))
    mailbox.markDelivered(first)
    expect(mailbox.waiting().map((each) => each.deliveries)).toEqual([1, 0])
    expect(mailbox.settle('message', 'A')).toBe(1)
    expect(ids(mailbox)).toEqual(['B'])
    expect(mailbox.settle('message', 'A')).toBe(0)
  })

  it('tells classes apart, and settles all of one class and id', () => {
    const mailbox = new Mailbox()
    mailbox.add(stanza('message', { id: 'A' }))
    mailbox.add(stanza('receipt', { id: 'A' }))
    mailbox.add(stanza('message', { id: 'A' }))
    expect(mailbox.settle('message', 'A')).toBe(2)
    expect(mailbox.size).toBe(1)
  })

  it('drops the oldest beyond its limit, and counts it', () => {
    const mailbox = new Mailbox(2)
    for (const id of ['A', 'B', 'C']) mailbox.add(stanza('message', { id }))
    expect(ids(mailbox)).toEqual(['B', 'C'])
    expect(mailbox.dropped).toBe(1)
    expect(mailbox.settle('message', 'A')).toBe(0)
  })
})
