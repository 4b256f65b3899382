/**
 * What a setting is: a zod schema that reads one environment variable's text, and the facts about it that
 * parsing, the log and docs/configuration.md share. The settings themselves are in config-settings.ts.
 * The facts hang on the schema in a registry, so a setting is written down once. Each function takes the
 * variable's name, what its value may be, and why the setting exists and its default is what it is.
 */

import { z } from 'zod'

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

interface NumberRange {
  readonly unit: string
  readonly min: number
  readonly max: number
}

const FACTS = z.registry<SettingFacts>()
const HARMLESS = { unit: '', default: undefined, isRequired: false, isSecret: false } as const

/** The facts of a schema made by one of the functions below. */
export function settingFacts(schema: z.ZodType): SettingFacts {
  const facts = FACTS.get(schema)
  if (facts === undefined) throw new TypeError('a setting without facts: make it with config-setting.ts')
  return facts
}

export function wholeNumber(name: string, spec: NumberRange & { readonly default: number }, reason: string) {
  const facts = { ...numberFacts(name, spec, reason), default: String(spec.default) }
  return numberSchema(spec).default(spec.default).register(FACTS, facts)
}

export function optionalWholeNumber(name: string, spec: NumberRange, reason: string) {
  return numberSchema(spec)
    .optional()
    .register(FACTS, numberFacts(name, spec, reason))
}

/** As `optionalWholeNumber`, for variables that the platform sets: an unusable value counts as unset. */
export function platformWholeNumber(name: string, spec: NumberRange, reason: string) {
  return numberSchema(spec)
    .optional()
    .catch(undefined)
    .register(FACTS, numberFacts(name, spec, reason))
}

export function yesOrNo(name: string, spec: { readonly default: boolean }, reason: string) {
  const truthy = ['true', '1', 'yes']
  const falsy = ['false', '0', 'no']
  const range = [...truthy, ...falsy].join(', ')
  return z
    .stringbool({ truthy, falsy, error: 'is neither yes nor no' })
    .default(spec.default)
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'yes or no', default: String(spec.default) })
}

export function oneOf<const T extends string>(
  name: string,
  spec: { readonly values: readonly [T, ...T[]]; readonly default: NoInfer<T> },
  reason: string,
) {
  const range = spec.values.join(', ')
  return z
    .string()
    .toLowerCase()
    .pipe(z.enum(spec.values, { error: 'is none of the allowed values' }))
    .default(spec.default)
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'one of', default: spec.default })
}

export function text(
  name: string,
  spec: { readonly pattern: RegExp; readonly range: string; readonly default: string },
  reason: string,
) {
  return z
    .string()
    .regex(spec.pattern, 'has a character or a length that is not allowed')
    .default(spec.default)
    .register(FACTS, { ...HARMLESS, name, reason, range: spec.range, type: 'text', default: spec.default })
}

/** The URL of a PostgreSQL database; secret, because it carries the password. */
export function requiredPostgresUrl(name: string, reason: string) {
  const range = 'postgres://user:password@host:port/database'
  return z
    .string({ error: 'is missing' })
    .refine(isPostgresUrl, 'is no PostgreSQL URL')
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'URL', isRequired: true, isSecret: true })
}

/**
 * The URL of a WebSocket server on this machine. Nothing else is accepted, because a server's authenticity rests
 * on the TLS of WhatsApp's own address alone.
 */
export function optionalLoopbackUrl(name: string, reason: string) {
  const range = 'ws:// or wss:// at 127.0.0.1, [::1] or localhost'
  return z
    .string()
    .refine(isLoopbackUrl, 'is no WebSocket URL of this machine')
    .optional()
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'URL' })
}

export function optionalText(
  name: string,
  spec: { readonly pattern: RegExp; readonly range: string; readonly isSecret: boolean },
  reason: string,
) {
  const { pattern, range, isSecret } = spec
  return z
    .string()
    .regex(pattern, 'has a character or a length that is not allowed')
    .optional()
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'text', isSecret })
}

/** 32 secret bytes. */
export function optionalKey(name: string, reason: string) {
  const range = '32 bytes, as 64 hexadecimal digits or base64'
  return z
    .string()
    .regex(/^([0-9a-f]{64}|[a-z0-9+/_-]{43}=?)$/i, 'is not 32 bytes in base64 or hexadecimal')
    .transform((value) => Uint8Array.from(Buffer.from(value, value.length === 64 ? 'hex' : 'base64')))
    .optional()
    .register(FACTS, { ...HARMLESS, name, reason, range, type: 'key', isSecret: true })
}

function numberSchema({ min, max }: NumberRange) {
  const inRange = z
    .number()
    .min(min, `is below the smallest value, ${min}`)
    .max(max, `is above the largest value, ${max}`)
  return z
    .string()
    .regex(/^-?\d+$/, 'is no whole number')
    .transform(Number)
    .pipe(inRange)
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
