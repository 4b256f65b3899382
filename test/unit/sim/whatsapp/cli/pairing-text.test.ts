import { describe, expect, it } from 'vitest'
import { findPairingText } from '../../../../../sim/whatsapp/cli/pairing-text.ts'

const key = `${'Ab+/'.repeat(10)}123=`
const old = `2@ref+/==,${key},${key},${key}`
const recent = `https://wa.me/settings/linked_devices#2@ref+/==,${key},${key},${key},1`

describe('a line of text', () => {
  it.each([
    [old, old],
    [recent, recent],
    [`{"level":30,"qr":"${recent}"}`, recent],
    [`QR: ${old} (scan it)`, old],
  ])('may hold the text of a QR', (line, text) => {
    expect(findPairingText(line)).toEqual({ kind: 'qr', text })
  })

  it.each([['ABCD1234'], ['ABCD-1234'], ['  ABCD-1234\r']])('may be a pairing code: %s', (line) => {
    expect(findPairingText(line)).toEqual({ kind: 'code', code: 'ABCD1234' })
  })

  it.each([[''], ['code ABCD1234'], ['connection open'], ['abcd1234'], [`${key},${key}`], ['█▀▀█ ▄▀']])(
    'may be neither: %s',
    (line) => expect(findPairingText(line)).toBeUndefined(),
  )
})
