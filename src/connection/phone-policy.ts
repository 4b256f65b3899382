/**
 * When the owner is told that the phone has been silent too long: WhatsApp ends the link of a device whose phone has
 * not been online for 14 days. Pure. A record is what is known of the phone; its changes come from here, and what
 * changed between two of them is the news. Surprising: silence is no proof, since a phone has to be written to before
 * it says anything. So it is asked before its owner is warned, and each day from the first silent one on.
 */

const HOUR_MS = 3_600_000

export interface PhoneRecord {
  /** No sign since then; before the first one, since the bot began to look. Wall clock, ms. */
  readonly silentSinceMs: number
  /** When the owner was warned of this silence. Wall clock, ms. */
  readonly warnedAtMs: number | undefined
}

export interface PhoneSettings {
  /** Silence of which the owner is warned; undefined: of none. */
  readonly warnAfterMs: number | undefined
  /** Silence from which on the phone is asked, and the least time between two questions. */
  readonly askAfterMs: number
  /** How long its answer may take. */
  readonly answerWithinMs: number
}

export type PhoneNews = 'unseen' | 'seen-again'

/** A row as it was stored, of which nothing can be later than now: clocks of two dynos differ. */
export function storedRecord(value: unknown, nowMs: number): PhoneRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { silentSinceMs, warnedAtMs }: { silentSinceMs?: unknown; warnedAtMs?: unknown } = value
  if (typeof silentSinceMs !== 'number') return undefined
  return {
    silentSinceMs: Math.min(silentSinceMs, nowMs),
    warnedAtMs: typeof warnedAtMs === 'number' ? warnedAtMs : undefined,
  }
}

/** Signs may come late and out of order. One that is itself too old ends no silence that was warned of. */
export function afterSign(
  record: PhoneRecord,
  sign: { readonly atMs: number; readonly nowMs: number },
  settings: PhoneSettings,
): PhoneRecord {
  const silentSinceMs = Math.max(record.silentSinceMs, Math.min(sign.atMs, sign.nowMs))
  if (silentSinceMs === record.silentSinceMs) return record
  const isBack = !isOverdue({ ...record, silentSinceMs }, sign.nowMs, settings)
  return { silentSinceMs, warnedAtMs: isBack ? undefined : record.warnedAtMs }
}

/** Whether the silence has lasted for as long as the owner wants to be warned of. */
export function isOverdue(record: PhoneRecord, nowMs: number, { warnAfterMs }: PhoneSettings): boolean {
  return warnAfterMs !== undefined && nowMs - record.silentSinceMs >= warnAfterMs
}

/** What a look at the silence leads to. `askedForMs`: how long ago this process asked the phone, if it did. */
export function afterLook(
  record: PhoneRecord,
  look: { readonly nowMs: number; readonly askedForMs: number | undefined },
  settings: PhoneSettings,
): { readonly record: PhoneRecord; readonly mustAsk: boolean } {
  const { nowMs, askedForMs } = look
  const isSilent = settings.warnAfterMs !== undefined && nowMs - record.silentSinceMs >= settings.askAfterMs
  const mustAsk = isSilent && (askedForMs === undefined || askedForMs >= settings.askAfterMs)
  const hadItsTime = askedForMs !== undefined && askedForMs >= settings.answerWithinMs
  const mustWarn =
    !mustAsk && hadItsTime && record.warnedAtMs === undefined && isOverdue(record, nowMs, settings)
  return { record: mustWarn ? { ...record, warnedAtMs: nowMs } : record, mustAsk }
}

/** News at once, and signs at most once an hour: they come with every message. */
export function isWorthWriting(stored: PhoneRecord | undefined, present: PhoneRecord): boolean {
  if (stored === undefined || stored.warnedAtMs !== present.warnedAtMs) return true
  return present.silentSinceMs - stored.silentSinceMs >= HOUR_MS
}

/** What the owner is to be told once `written` is stored in place of `stored`; undefined: nothing. */
export function newsOf(stored: PhoneRecord | undefined, written: PhoneRecord): PhoneNews | undefined {
  const wasWarned = stored?.warnedAtMs !== undefined
  const isWarned = written.warnedAtMs !== undefined
  if (wasWarned === isWarned) return undefined
  return isWarned ? 'unseen' : 'seen-again'
}
