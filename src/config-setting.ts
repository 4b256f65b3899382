/**
 * What a setting is: how one environment variable's text becomes a value, and the facts about it that parsing,
 * the log and docs/configuration.md share. The settings themselves are in config-settings.ts. Each function takes
 * the variable's name, what its value may be, and why the setting exists and its default is what it is.
 * Surprising: no schema library. The supervisor reads the settings too, and one would be a tenth of its memory.
 */

/** A setting's facts, as text for people. */
export interface SettingFacts {
  /** The environment variable. */
  readonly name: string
  readonly reason: string
  readonly type: 'whole number' | 'yes or no' | 'one of' | 'text' | 'URL' | 'key'
  /** '' when the value is no quantity. */
  readonly unit: string
  readonly range: string
  /** Undefined: there is none. */
  readonly default: string | undefined
  readonly isRequired: boolean
  /** Its value appears in no log and no message. */
  readonly isSecret: boolean
}

/** What a text says; else why it cannot be used, to be read after the text itself. */
export type Reading<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }

export interface Setting<T> {
  readonly facts: SettingFacts
  /** Trimmed text, undefined when the variable is not set; never throws. */
  read(text: string | undefined): Reading<T>
}

interface NumberRange {
  readonly unit: string
  readonly min: number
  readonly max: number
}

type Read<T> = (text: string) => Reading<T>

const HARMLESS = { unit: '', default: undefined, isRequired: false, isSecret: false } as const

export function wholeNumber(
  name: string,
  spec: NumberRange & { readonly default: number },
  reason: string,
): Setting<number> {
  const facts = { ...numberFacts(name, spec, reason), default: String(spec.default) }
  return withDefault(facts, numberIn(spec), spec.default)
}

export function optionalWholeNumber(
  name: string,
  spec: NumberRange,
  reason: string,
): Setting<number | undefined> {
  return withDefault(numberFacts(name, spec, reason), numberIn(spec), undefined)
}

/** As `optionalWholeNumber`, for variables that the platform sets: an unusable value counts as unset. */
export function platformWholeNumber(
  name: string,
  spec: NumberRange,
  reason: string,
): Setting<number | undefined> {
  const read = numberIn(spec)
  const lenient: Read<number | undefined> = (value) => {
    const reading = read(value)
    return reading.ok ? reading : good(undefined)
  }
  return withDefault(numberFacts(name, spec, reason), lenient, undefined)
}

export function yesOrNo(name: string, spec: { readonly default: boolean }, reason: string): Setting<boolean> {
  const truthy = ['true', '1', 'yes']
  const falsy = ['false', '0', 'no']
  const range = [...truthy, ...falsy].join(', ')
  const facts = {
    ...HARMLESS,
    name,
    reason,
    range,
    type: 'yes or no',
    default: String(spec.default),
  } as const
  const read: Read<boolean> = (value) => {
    const word = value.toLowerCase()
    if (truthy.includes(word)) return good(true)
    return falsy.includes(word) ? good(false) : bad('is neither yes nor no')
  }
  return withDefault(facts, read, spec.default)
}

export function oneOf<const T extends string>(
  name: string,
  spec: { readonly values: readonly [T, ...T[]]; readonly default: NoInfer<T> },
  reason: string,
): Setting<T> {
  const range = spec.values.join(', ')
  const read: Read<T> = (value) => {
    const found = spec.values.find((each) => each === value.toLowerCase())
    return found === undefined ? bad('is none of the allowed values') : good(found)
  }
  return withDefault(
    { ...HARMLESS, name, reason, range, type: 'one of', default: spec.default },
    read,
    spec.default,
  )
}

export function text(
  name: string,
  spec: { readonly pattern: RegExp; readonly range: string; readonly default: string },
  reason: string,
): Setting<string> {
  const { pattern, range } = spec
  const facts = { ...HARMLESS, name, reason, range, type: 'text', default: spec.default } as const
  return withDefault(facts, matching(pattern), spec.default)
}

export function optionalText(
  name: string,
  spec: { readonly pattern: RegExp; readonly range: string; readonly isSecret: boolean },
  reason: string,
): Setting<string | undefined> {
  const { pattern, range, isSecret } = spec
  return withDefault(
    { ...HARMLESS, name, reason, range, type: 'text', isSecret },
    matching(pattern),
    undefined,
  )
}

/** The URL of a PostgreSQL database; secret, because it carries the password. */
export function requiredPostgresUrl(name: string, reason: string): Setting<string> {
  const range = 'postgres://user:password@host:port/database'
  return {
    facts: { ...HARMLESS, name, reason, range, type: 'URL', isRequired: true, isSecret: true },
    read: (value) => {
      if (value === undefined) return bad('is missing')
      return isPostgresUrl(value) ? good(value) : bad('is no PostgreSQL URL')
    },
  }
}

/**
 * The URL of a WebSocket server on this machine. Nothing else is accepted, because a server's authenticity rests
 * on the TLS of WhatsApp's own address alone.
 */
export function optionalLoopbackUrl(name: string, reason: string): Setting<string | undefined> {
  const range = 'ws:// or wss:// at 127.0.0.1, [::1] or localhost'
  return withDefault({ ...HARMLESS, name, reason, range, type: 'URL' }, readLoopbackUrl, undefined)
}

/** 32 secret bytes. */
export function optionalKey(name: string, reason: string): Setting<Uint8Array | undefined> {
  const range = '32 bytes, as 64 hexadecimal digits or base64'
  return withDefault({ ...HARMLESS, name, reason, range, type: 'key', isSecret: true }, readKey, undefined)
}

function withDefault<T, D extends T | undefined>(
  facts: SettingFacts,
  read: Read<T>,
  whenUnset: D,
): Setting<T | D> {
  return { facts, read: (value) => (value === undefined ? good(whenUnset) : read(value)) }
}

function good<T>(value: T): Reading<T> {
  return { ok: true, value }
}

function bad(problem: string): Reading<never> {
  return { ok: false, problem }
}

function matching(pattern: RegExp): Read<string> {
  return (value) =>
    pattern.test(value) ? good(value) : bad('has a character or a length that is not allowed')
}

function numberIn({ min, max }: NumberRange): Read<number> {
  return (value) => {
    if (!/^-?\d+$/.test(value)) return bad('is no whole number')
    const number = Number(value)
    if (number < min) return bad(`is below the smallest value, ${min}`)
    return number > max ? bad(`is above the largest value, ${max}`) : good(number)
  }
}

function numberFacts(name: string, { unit, min, max }: NumberRange, reason: string): SettingFacts {
  return { ...HARMLESS, name, reason, unit, range: `${min} to ${max}`, type: 'whole number' }
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && ['postgres:', 'postgresql:'].includes(new URL(value).protocol)
}

function isLoopbackUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, username } = new URL(value)
  const isLoopback = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/.test(hostname)
  return isLoopback && ['ws:', 'wss:'].includes(protocol) && username === ''
}

function readLoopbackUrl(value: string): Reading<string> {
  return isLoopbackUrl(value) ? good(value) : bad('is no WebSocket URL of this machine')
}

function readKey(value: string): Reading<Uint8Array> {
  if (!/^([0-9a-f]{64}|[a-z0-9+/_-]{43}=?)$/i.test(value))
    return bad('is not 32 bytes in base64 or hexadecimal')
  return good(Uint8Array.from(Buffer.from(value, value.length === 64 ? 'hex' : 'base64')))
}
