/** Settings: what parses, what is reported, what stays secret, and that the document is current. */

import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderConfigurationDoc } from '../../scripts/configuration-doc.ts'
import { SETTINGS } from '../../src/config-settings.ts'
import { describeConfig, parseConfig } from '../../src/config.ts'
import type { Config, ConfigProblem, Environment } from '../../src/config.ts'

const DATABASE_URL = 'postgres://anna:hush-hush@db.example:5432/bot'
const KEY_HEX = '0123456789abcdef'.repeat(4)
const OTHER_KEY_HEX = 'fedcba9876543210'.repeat(4)

function configOf(env: Environment): Config {
  const result = parseConfig({ DATABASE_URL, ...env })
  if (!result.ok) throw new Error(`expected no problem: ${JSON.stringify(result.problems)}`)
  return result.config
}

function problemsOf(env: Environment): readonly ConfigProblem[] {
  const result = parseConfig({ DATABASE_URL, ...env })
  return result.ok ? [] : result.problems
}

function warnedNames(...names: string[]): string[] {
  const env = Object.fromEntries(names.map((name) => [name, 'x']))
  return parseConfig({ DATABASE_URL, ...env }).warnings.map(({ setting }) => setting)
}

describe('parseConfig', () => {
  it("takes the seed's defaults when only the database is given", () => {
    expect(configOf({})).toMatchObject({
      isMemoryOptimizationEnabled: true,
      memoryCleanupPercent: 70,
      memoryEmergencyPercent: 85,
      connectionCheckIntervalMs: 60_000,
      reconnectMaxRetries: 15,
      healthCheckPort: 28_111,
    })
  })

  it('has a default inside the range for every setting', () => {
    const defaults = Object.values(SETTINGS).flatMap(({ facts }) =>
      facts.default === undefined ? [] : [[facts.name, facts.default]],
    )
    expect(problemsOf(Object.fromEntries(defaults))).toEqual([])
    expect(configOf(Object.fromEntries(defaults))).toEqual(configOf({}))
  })

  it('gives every variable its own setting', () => {
    const names = Object.values(SETTINGS).map(({ facts }) => facts.name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(['ws://127.0.0.1:1234/ws', 'wss://localhost:8443', 'ws://[::1]:80/chat'])(
    'takes a WhatsApp server on this machine: %s',
    (url) => expect(configOf({ WHATSAPP_URL: url }).whatsappUrl).toBe(url),
  )

  it.each([
    'wss://web.whatsapp.com/ws/chat',
    'ws://10.0.0.1/ws',
    'ws://127.0.0.1.evil.example/',
    'ws://localhost@evil.example/',
    'ws://evil.example:80/?127.0.0.1',
    'http://127.0.0.1/',
    '127.0.0.1:80',
  ])('refuses a WhatsApp server elsewhere: %s', (url) => {
    expect(problemsOf({ WHATSAPP_URL: url })).toMatchObject([
      { setting: 'WHATSAPP_URL', problem: expect.stringContaining('is no WebSocket URL of this machine') },
    ])
  })

  it('never shows the phone number to pair with', () => {
    expect(JSON.stringify(describeConfig(configOf({ PAIRING_PHONE_NUMBER: '491701234567' })))).not.toContain(
      '4917',
    )
    expect(JSON.stringify(problemsOf({ PAIRING_PHONE_NUMBER: '+491701234567' }))).not.toContain('4917')
  })

  it('freezes the result', () => {
    expect(Object.isFrozen(configOf({}))).toBe(true)
  })

  it('takes a variable that is set but empty as not set', () => {
    expect(configOf({ PORT: '', MEMORY_QUOTA_MB: '  ', LOG_LEVEL: '' })).toMatchObject({
      port: undefined,
      memoryQuotaMb: undefined,
      logLevel: 'info',
    })
  })

  it.each([
    ['true', true],
    ['1', true],
    ['YES', true],
    ['false', false],
    ['0', false],
    ['no', false],
  ])('reads %s as %s', (text, expected) => {
    expect(configOf({ ENABLE_MEMORY_OPTIMIZATION: text }).isMemoryOptimizationEnabled).toBe(expected)
  })

  it('reads a key in hexadecimal and in base64 as the same bytes', () => {
    const bytes = Uint8Array.from(Buffer.from(KEY_HEX, 'hex'))
    expect(configOf({ SESSION_ENCRYPTION_KEY: KEY_HEX }).sessionEncryptionKey).toEqual(bytes)
    const base64 = Buffer.from(bytes).toString('base64')
    expect(configOf({ SESSION_ENCRYPTION_KEY: base64 }).sessionEncryptionKey).toEqual(bytes)
    const base64url = Buffer.from(bytes).toString('base64url')
    expect(configOf({ SESSION_ENCRYPTION_KEY: base64url }).sessionEncryptionKey).toEqual(bytes)
  })

  it('ignores an unusable value that the platform sets', () => {
    expect(configOf({ MEMORY_AVAILABLE: 'unlimited' }).memoryAvailableMb).toBeUndefined()
    expect(configOf({ MEMORY_AVAILABLE: '512' }).memoryAvailableMb).toBe(512)
  })

  it('reports all problems together, each with a remedy', () => {
    const problems = problemsOf({
      DATABASE_URL: '',
      PORT: '70000',
      LOG_LEVEL: 'loud',
      LEASE_MARGIN_MS: '1e3',
      MEMORY_CLEANUP_THRESHOLD: '90',
      DATABASE_POOL_MAX: '0',
      SESSION_ID: 'a b',
    })
    expect(problems.map(({ setting }) => setting).toSorted()).toEqual([
      'DATABASE_POOL_MAX',
      'DATABASE_URL',
      'LEASE_MARGIN_MS',
      'LOG_LEVEL',
      'MEMORY_CLEANUP_THRESHOLD',
      'PORT',
      'SESSION_ID',
    ])
    for (const { problem, remedy } of problems) expect([problem, remedy]).not.toContain('')
    expect(problems.find(({ setting }) => setting === 'PORT')).toEqual({
      setting: 'PORT',
      problem: '"70000" is above the largest value, 65535',
      remedy: 'Set PORT to a whole number: 1 to 65535, or leave it out for none.',
    })
  })

  it.each<[string, Environment]>([
    ['MEMORY_CLEANUP_THRESHOLD', { MEMORY_CLEANUP_THRESHOLD: '85' }],
    ['RECONNECT_BACKOFF_BASE_MS', { RECONNECT_BACKOFF_BASE_MS: '2001', RECONNECT_BACKOFF_CAP_MS: '2000' }],
    ['RECONNECT_PROBE_INTERVAL_MS', { RECONNECT_PROBE_INTERVAL_MS: '299999' }],
    ['RECONNECT_STABLE_UPTIME_MS', { RECONNECT_STABLE_UPTIME_MS: '49999' }],
    ['LEASE_MARGIN_MS', { LEASE_MARGIN_MS: '45000' }],
    ['LEASE_RENEW_INTERVAL_MS', { LEASE_RENEW_INTERVAL_MS: '17501' }],
    ['LEASE_POLL_INTERVAL_MS', { LEASE_POLL_INTERVAL_MS: '45000' }],
    ['MESSAGE_RETENTION_MS', { MESSAGE_RETENTION_MS: '86399999' }],
    ['SESSION_ENCRYPTION_KEY_PREVIOUS', { SESSION_ENCRYPTION_KEY_PREVIOUS: KEY_HEX }],
    [
      'SESSION_ENCRYPTION_KEY_PREVIOUS',
      { SESSION_ENCRYPTION_KEY: KEY_HEX, SESSION_ENCRYPTION_KEY_PREVIOUS: KEY_HEX },
    ],
  ])('reports that %s contradicts another setting', (setting, env) => {
    expect(problemsOf(env).map((problem) => problem.setting)).toEqual([setting])
  })

  it.each<Environment>([
    { MEMORY_CLEANUP_THRESHOLD: '84' },
    { RECONNECT_BACKOFF_BASE_MS: '2000', RECONNECT_BACKOFF_CAP_MS: '2000' },
    { RECONNECT_PROBE_INTERVAL_MS: '300000' },
    { RECONNECT_STABLE_UPTIME_MS: '50000' },
    { LEASE_RENEW_INTERVAL_MS: '17500' },
    { LEASE_POLL_INTERVAL_MS: '44999' },
    { MESSAGE_RETENTION_MS: '86400000' },
    { SESSION_ENCRYPTION_KEY: KEY_HEX, SESSION_ENCRYPTION_KEY_PREVIOUS: OTHER_KEY_HEX },
  ])('accepts the last value before the contradiction: %o', (env) => {
    expect(problemsOf(env)).toEqual([])
  })

  it('does not report a contradiction with a value that it could not read', () => {
    const problems = problemsOf({ LEASE_DURATION_MS: 'long', LEASE_MARGIN_MS: '300000' })
    expect(problems.map(({ setting }) => setting)).toEqual(['LEASE_DURATION_MS'])
    const keys = { SESSION_ENCRYPTION_KEY: 'short', SESSION_ENCRYPTION_KEY_PREVIOUS: KEY_HEX }
    expect(problemsOf(keys).map(({ setting }) => setting)).toEqual(['SESSION_ENCRYPTION_KEY'])
  })

  it('never throws, and never gives a config out of range', () => {
    const names = Object.values(SETTINGS).map(({ facts }) => facts.name)
    const value = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.constantFrom('', 'true', '-1', '1.5', '9'.repeat(30)),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (env) => {
        const result = parseConfig(env)
        const leaseMs = result.ok ? result.config.leaseDurationMs : 2000
        expect(Number.isSafeInteger(leaseMs) && leaseMs >= 2000 && leaseMs <= 600_000).toBe(true)
        expect(result.ok || result.problems.length > 0).toBe(true)
      }),
    )
  })
})

describe('secrets', () => {
  it('show neither in problems nor in the effective values', () => {
    const bad = { DATABASE_URL: 'mysql://anna:hush-hush@db/bot', SESSION_ENCRYPTION_KEY: 'hush-hush' }
    expect(JSON.stringify(parseConfig(bad))).not.toContain('hush-hush')
    const config = configOf({
      SESSION_ENCRYPTION_KEY: KEY_HEX,
      SESSION_ENCRYPTION_KEY_PREVIOUS: OTHER_KEY_HEX,
    })
    expect(describeConfig(config)).toMatchObject({
      DATABASE_URL: '***',
      SESSION_ENCRYPTION_KEY: '***',
      SESSION_ENCRYPTION_KEY_PREVIOUS: '***',
      MEMORY_CLEANUP_THRESHOLD: 70,
      PORT: 'not set',
    })
  })
})

describe('mistyped names', () => {
  it('are warned of and do not keep the bot from starting', () => {
    const result = parseConfig({ DATABASE_URL, MEMORY_CLEANUP_TRESHOLD: '60' })
    expect(result.ok).toBe(true)
    expect(result.warnings).toEqual([
      {
        setting: 'MEMORY_CLEANUP_TRESHOLD',
        problem: 'is no setting, but looks like MEMORY_CLEANUP_THRESHOLD',
        remedy: 'Rename it to MEMORY_CLEANUP_THRESHOLD if you meant that; it has no effect as it is.',
      },
    ])
  })

  it('are found whatever their case', () => {
    expect(warnedNames('log_level', 'DATABASE_URI')).toEqual(['log_level', 'DATABASE_URI'])
  })

  it('are not suspected among the names of other programs', () => {
    expect(warnedNames('PATH', 'HOST', 'HOME', 'DYNO', 'WEB_MEMORY', 'NODE_ENV', 'PGPORT')).toEqual([])
  })
})

describe('docs/configuration.md', () => {
  it('is current (else run `npm run docs`)', async () => {
    const file = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
    expect(file).toBe(await renderConfigurationDoc())
  })
})
