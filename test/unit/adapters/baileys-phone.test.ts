import { describe, expect, it } from 'vitest'
import { phoneSignAtMs } from '../../../src/adapters/baileys-phone.ts'

const ME = { id: '15550000001:5@s.whatsapp.net', lid: '990001:5@lid' }
const GROUP = '120363000000000001@g.us'
const T = '1700000000'

function signOf(attrs: Record<string, string>, me: typeof ME | undefined = ME): number | undefined {
  return phoneSignAtMs({ tag: 'receipt', attrs: { id: 'A', t: T, ...attrs } }, me)
}

describe('the phone', () => {
  it.each<[string, Record<string, string>]>([
    ['a message by phone number', { from: '15550000001@s.whatsapp.net' }],
    ['a message by LID', { from: '990001@lid', recipient: '990002@lid' }],
    [
      'a receipt for a copy of what the bot sent',
      {
        from: '15550000001@s.whatsapp.net',
        type: 'sender',
        recipient: '15552200001@s.whatsapp.net',
      },
    ],
    ['a message or receipt in a group', { from: GROUP, participant: '15550000001@s.whatsapp.net' }],
    ['the same by LID', { from: GROUP, participant: '990001@lid' }],
    ['a status of its own', { from: 'status@broadcast', participant: '15550000001@s.whatsapp.net' }],
  ])('is seen by %s', (_what, attrs) => {
    expect(signOf(attrs)).toBe(1_700_000_000_000)
  })

  it.each<[string, Record<string, string>]>([
    ['another linked device', { from: '15550000001:7@s.whatsapp.net', type: 'sender' }],
    ['another linked device by LID', { from: '990001:7@lid' }],
    ['another linked device in a group', { from: GROUP, participant: '15550000001:7@s.whatsapp.net' }],
    ['this very device', { from: '15550000001:5@s.whatsapp.net' }],
    ['a contact', { from: '15552200001@s.whatsapp.net' }],
    ['a contact that was written to', { from: '15552200001@s.whatsapp.net', recipient: ME.id }],
    ['a member of a group', { from: GROUP, participant: '15552200001@s.whatsapp.net' }],
    ['a member whose LID has our number', { from: GROUP, participant: '15550000001@lid' }],
    ['a group', { from: GROUP }],
    ['the server', { from: 's.whatsapp.net' }],
    ['nobody', {}],
  ])('is not seen by %s', (_what, attrs) => {
    expect(signOf(attrs)).toBeUndefined()
  })

  it('is not seen without a time, nor before this device is linked', () => {
    expect(signOf({ from: '15550000001@s.whatsapp.net', t: 'soon' })).toBeUndefined()
    expect(signOf({ from: '15550000001@s.whatsapp.net' }, undefined)).toBe(1_700_000_000_000)
    expect(phoneSignAtMs({ tag: 'message', attrs: { from: ME.id, t: T } }, undefined)).toBeUndefined()
  })
})
