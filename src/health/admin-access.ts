/**
 * Who may see more than the least: the token, and the cookie that a browser gets for it. Pure but for the
 * digest. Surprising: the cookie needs no memory here. It is a date signed with a key made of the token, so it
 * outlives a restart of the dyno and ends with the token.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export const SESSION_COOKIE = 'blacksky_session'
/** A working day; after it the owner logs in again. */
export const SESSION_MS = 12 * 3_600_000

/** Compares in a time that depends on neither: both are hashed to one length first. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token))
}

/** The token in `Authorization: Bearer …`; undefined when the header is missing or of another kind. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1]
}

/** The value of a cookie that is good until `SESSION_MS` from now. `nowMs` is wall-clock time. */
export function sessionValue(token: string, nowMs: number): string {
  const untilMs = String(nowMs + SESSION_MS)
  return `${untilMs}.${signature(token, untilMs)}`
}

export function isSession(value: string, token: string, nowMs: number): boolean {
  const [untilMs = '', given = ''] = value.split('.', 2)
  if (!/^\d{1,15}$/.test(untilMs)) return false
  const isSigned = timingSafeEqual(digest(given), digest(signature(token, untilMs)))
  // Also not from a future that no login can have had: the clock was wrong then.
  return isSigned && Number(untilMs) > nowMs && Number(untilMs) <= nowMs + SESSION_MS
}

/** A cookie's value in a Cookie header; the first of its name. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

function signature(token: string, untilMs: string): string {
  return createHmac('sha256', digest(`blacksky cookie ${token}`))
    .update(untilMs)
    .digest('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
