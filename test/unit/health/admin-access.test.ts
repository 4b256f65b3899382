/** The token and the cookie made of it: what opens, what does not, and until when. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  SESSION_MS,
  bearerToken,
  cookieValue,
  isSession,
  isToken,
  sessionValue,
} from '../../../src/health/admin-access.ts'
import { NOW_MS, TOKEN } from './health-bench.ts'

describe('the token', () => {
  it('is good in one spelling only', () => {
    expect(isToken(TOKEN, TOKEN)).toBe(true)
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(isToken(text, TOKEN)).toBe(text === TOKEN)
      }),
    )
  })

  it.each([
    [`Bearer ${TOKEN}`, TOKEN],
    [`bearer  ${TOKEN} `, TOKEN],
    [`Basic ${TOKEN}`, undefined],
    ['Bearer ', undefined],
    ['Bearer two words', undefined],
    [undefined, undefined],
  ])('is read from the header %j', (header, token) => expect(bearerToken(header)).toBe(token))
})

describe('the cookie', () => {
  const value = sessionValue(TOKEN, NOW_MS)

  it('is good for half a day, with the token it was made of', () => {
    expect(isSession(value, TOKEN, NOW_MS)).toBe(true)
    expect(isSession(value, TOKEN, NOW_MS + SESSION_MS - 1)).toBe(true)
    expect(isSession(value, TOKEN, NOW_MS + SESSION_MS)).toBe(false)
    expect(isSession(value, `${TOKEN}2`, NOW_MS)).toBe(false)
  })

  it('does not hold the token', () => {
    expect(value).not.toContain(TOKEN)
  })

  it('cannot be lengthened, changed or made up', () => {
    const [untilMs = '', signature = ''] = value.split('.')
    expect(isSession(`${Number(untilMs) + 1}.${signature}`, TOKEN, NOW_MS)).toBe(false)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${untilMs}.${text}`),
        ),
        (text) => {
          expect(isSession(text, TOKEN, NOW_MS)).toBe(text === value)
        },
      ),
    )
  })

  it.each([
    ['blacksky_session=abc', 'abc'],
    ['a=1; blacksky_session=x=y; b=2', 'x=y'],
    ['not_blacksky_session=1', undefined],
    ['=;;blacksky_session', undefined],
    [undefined, undefined],
  ])('is read from the header %j', (header, expected) => {
    expect(cookieValue(header, 'blacksky_session')).toBe(expected)
  })
})
