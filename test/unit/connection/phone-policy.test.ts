import { describe, expect, it } from 'vitest'
import {
  afterLook,
  afterSign,
  isOverdue,
  isWorthWriting,
  newsOf,
  storedRecord,
} from '../../../src/connection/phone-policy.ts'
import type { PhoneRecord, PhoneSettings } from '../../../src/connection/phone-policy.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const START_MS = 1_700_000_000_000
const SETTINGS: PhoneSettings = {
  warnAfterMs: 10 * DAY_MS,
  askAfterMs: DAY_MS,
  answerWithinMs: 5 * MINUTE_MS,
}

const quiet = (changes: Partial<PhoneRecord> = {}): PhoneRecord => ({
  silentSinceMs: START_MS,
  warnedAtMs: undefined,
  ...changes,
})
const WARNED = quiet({ warnedAtMs: START_MS + 10 * DAY_MS })

function look(record: PhoneRecord, atMs: number, askedForMs?: number, settings = SETTINGS) {
  return afterLook(record, { nowMs: START_MS + atMs, askedForMs }, settings)
}

function sign(record: PhoneRecord, atMs: number, nowMs = atMs) {
  return afterSign(record, { atMs: START_MS + atMs, nowMs: START_MS + nowMs }, SETTINGS)
}

describe('a look at the silence', () => {
  it('leaves a phone alone that was heard of within the day', () => {
    expect(look(quiet(), DAY_MS - 1)).toEqual({ record: quiet(), mustAsk: false })
  })

  it('asks a silent phone, and again after a day', () => {
    expect(look(quiet(), DAY_MS).mustAsk).toBe(true)
    expect(look(quiet(), DAY_MS, DAY_MS - 1).mustAsk).toBe(false)
    expect(look(quiet(), DAY_MS, DAY_MS).mustAsk).toBe(true)
  })

  it('warns after ten days, when the phone was asked and has had its time', () => {
    expect(look(quiet(), 10 * DAY_MS - 1, HOUR_MS).record).toEqual(quiet())
    expect(look(quiet(), 10 * DAY_MS)).toEqual({ record: quiet(), mustAsk: true })
    expect(look(quiet(), 10 * DAY_MS, 5 * MINUTE_MS - 1).record).toEqual(quiet())
    expect(look(quiet(), 10 * DAY_MS, 5 * MINUTE_MS).record).toEqual(WARNED)
  })

  it('warns of one silence once', () => {
    expect(look(WARNED, 12 * DAY_MS, HOUR_MS).record).toBe(WARNED)
  })

  it('does nothing when it is switched off', () => {
    const off = { ...SETTINGS, warnAfterMs: undefined }
    expect(look(quiet(), 100 * DAY_MS, HOUR_MS, off)).toEqual({ record: quiet(), mustAsk: false })
    expect(isOverdue(quiet(), START_MS + 100 * DAY_MS, off)).toBe(false)
  })
})

describe('a sign', () => {
  it('ends the silence, and the warning with it', () => {
    expect(sign(WARNED, 11 * DAY_MS)).toEqual(quiet({ silentSinceMs: START_MS + 11 * DAY_MS }))
  })

  it('that is older than what is known changes nothing', () => {
    const record = quiet()
    expect(sign(record, -HOUR_MS, HOUR_MS)).toBe(record)
  })

  it('that waited for so long that the silence is too long all the same does not end a warning', () => {
    const late = sign(WARNED, HOUR_MS, 11 * DAY_MS)
    expect(late).toEqual({ ...WARNED, silentSinceMs: START_MS + HOUR_MS })
  })

  it('from the future counts as one from now', () => {
    expect(sign(quiet(), 50 * DAY_MS, HOUR_MS)).toEqual(quiet({ silentSinceMs: START_MS + HOUR_MS }))
  })
})

describe('what is stored', () => {
  it('is read back, and nothing of it is later than now', () => {
    expect(storedRecord(WARNED, START_MS + 20 * DAY_MS)).toEqual(WARNED)
    expect(storedRecord(quiet(), START_MS - DAY_MS)).toEqual(quiet({ silentSinceMs: START_MS - DAY_MS }))
  })

  it.each([undefined, null, 'text', {}, { silentSinceMs: 'yesterday' }])('counts as nothing: %j', (value) => {
    expect(storedRecord(value, START_MS)).toBeUndefined()
  })

  it('is written at once for a first record or a warning, and for signs at most once an hour', () => {
    expect(isWorthWriting(undefined, quiet())).toBe(true)
    expect(isWorthWriting(quiet(), WARNED)).toBe(true)
    expect(isWorthWriting(WARNED, quiet())).toBe(true)
    expect(isWorthWriting(quiet(), quiet({ silentSinceMs: START_MS + HOUR_MS - 1 }))).toBe(false)
    expect(isWorthWriting(quiet(), quiet({ silentSinceMs: START_MS + HOUR_MS }))).toBe(true)
  })

  it('is news when a warning came or went', () => {
    expect(newsOf(undefined, quiet())).toBeUndefined()
    expect(newsOf(quiet(), WARNED)).toBe('unseen')
    expect(newsOf(WARNED, { ...WARNED, silentSinceMs: START_MS + 1 })).toBeUndefined()
    expect(newsOf(WARNED, quiet({ silentSinceMs: START_MS + 11 * DAY_MS }))).toBe('seen-again')
  })
})
