import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SystemSecureRandom } from '../../../src/adapters/system-secure-random.ts'
import { errorCodeOf, errorMessageOf } from '../../../src/errors.ts'
import { openArchive, sealArchive } from '../../../src/session/session-archive.ts'
import type { SessionArchive } from '../../../src/session/session-archive.ts'

const PASSPHRASE = 'correct horse battery'
const secureRandom = new SystemSecureRandom()
const ARCHIVE: SessionArchive = {
  sessionId: 'default',
  exportedAtMs: 1_700_000_000_000,
  creds: '{"me":"ä😀"}',
  keys: [
    { type: 'session', id: 'a"\\\n', value: '{}' },
    { type: 'pre-key', id: '1', value: '{"type":"Buffer","data":"AA=="}' },
  ],
}

function seal(archive = ARCHIVE): string {
  return sealArchive(archive, PASSPHRASE, secureRandom)
}

/** Code and message of what opening throws. */
function refusal(text: string, passphrase = PASSPHRASE): readonly [string | undefined, string] {
  try {
    openArchive(text, passphrase)
    return ['opened', '']
  } catch (error) {
    return [errorCodeOf(error), errorMessageOf(error)]
  }
}

/** The same text with other bytes, under a checksum that fits them. */
function withBody(text: string, change: (body: Buffer) => void): string {
  const [head = '', ...lines] = text.split('\n')
  const body = Buffer.from(lines.join(''), 'base64').subarray(8)
  change(body)
  const checksum = createHash('sha256').update(body).digest().subarray(0, 8)
  return `${head}\n${Buffer.concat([checksum, body]).toString('base64')}`
}

describe('a session archive', () => {
  it('gives back what was put in', () => {
    expect(openArchive(seal(), PASSPHRASE)).toEqual(ARCHIVE)
  })

  it('survives what a mail or a setting does to line breaks', () => {
    const text = seal()
    expect(openArchive(`\n  ${text.replaceAll('\n', ' \r\n ')}`, PASSPHRASE)).toEqual(ARCHIVE)
    expect(openArchive(text.replaceAll('\n', ' '), PASSPHRASE)).toEqual(ARCHIVE)
  })

  it('is found behind what npm writes of itself', () => {
    const banner = '\n> blacksky-md@0.1.0 session\n> node src/session-main.ts export -\n\n'
    expect(openArchive(banner + seal(), PASSPHRASE)).toEqual(ARCHIVE)
  })

  it('takes a passphrase however its letters are composed', () => {
    const text = sealArchive(ARCHIVE, 'M\u00fcller und S\u00f6hne', secureRandom)
    expect(openArchive(text, 'Mu\u0308ller und So\u0308hne')).toEqual(ARCHIVE)
  })

  it('shows nothing of its content, and looks different each time', () => {
    const text = seal()
    expect(Buffer.from(text.split('\n').slice(1).join(''), 'base64').toString('latin1')).not.toContain('me')
    expect(seal()).not.toBe(text)
  })

  it('tells a wrong passphrase from damage', () => {
    expect(refusal(seal(), 'incorrect horse')).toEqual([
      'archive-locked',
      expect.stringMatching(/passphrase/),
    ])
  })

  it.each([
    ['nothing', ''],
    ['another file', '{"noiseKey":1}'],
    ['its first line alone', 'blacksky-session 1\n'],
    ['a newer format', seal().replace('session 1', 'session 2')],
    ['no base64', 'blacksky-session 1\n%%%%'],
    ['a few bytes', 'blacksky-session 1\nAAAA'],
  ])('refuses %s with one clear message', (_what, text) => {
    const [code, message] = refusal(text)
    expect(code).toBe('archive-invalid')
    expect(message).toMatch(/session export/)
    expect(message).not.toContain('\n')
  })

  it('refuses every cut and every change of a character', () => {
    const text = seal()
    const start = text.indexOf('\n') + 1
    fc.assert(
      fc.property(fc.integer({ min: start, max: text.length - 2 }), fc.boolean(), (at, isCut) => {
        const other = text[at] === 'A' ? 'B' : 'A'
        const changed = isCut ? text.slice(0, at) : text.slice(0, at) + other + text.slice(at + 1)
        fc.pre(changed.replaceAll(/\s/g, '') !== text.replaceAll(/\s/g, ''))
        expect(refusal(changed)[0]).toBe('archive-invalid')
      }),
      { numRuns: 300 },
    )
  })

  it('is bound to all it says: no byte of head or content can be changed, with a checksum that fits', () => {
    const text = seal()
    // Beyond the costs of the derivation, which have their own test.
    for (const at of [3, 10, 18, 19, 30, 31, 40, -1, -16, -17]) {
      const changed = withBody(text, (body) => {
        const index = at < 0 ? body.length + at : at
        body[index] = (body[index] ?? 0) ^ 1
      })
      expect(refusal(changed)[0]).toBe('archive-locked')
    }
  })

  it('spends no more on a stranger’s text than on its own', () => {
    for (const [at, value] of [
      [0, 30],
      [0, 0],
      [1, 200],
      [2, 200],
    ] as const) {
      const changed = withBody(seal(), (body) => {
        body[at] = value
      })
      expect(refusal(changed)).toEqual(['archive-invalid', expect.stringMatching(/key derivation/)])
    }
  })
})
