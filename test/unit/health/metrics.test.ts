/** The metrics: Prometheus' conventions, and numbers that are the source's. */

import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/health/metrics.ts'
import type { HealthSource } from '../../../src/health/health-source.ts'
import { NOW_MS, botView, connection, sourceOf } from './health-bench.ts'

function render(source: HealthSource): Promise<string> {
  return createMetrics({ source, nowMs: () => NOW_MS }).render()
}

function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.replace(/ [^ ]*$/, ''), Number(line.replace(/.* /, ''))]))
}

it('are named as Prometheus wants it: counters end in _total, the rest in a base unit or in none', async () => {
  const text = await render(sourceOf())
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }))
  expect(types.length).toBeGreaterThan(25)
  for (const { name, type } of types) {
    expect(name).toMatch(/^blacksky_[a-z_]+$/)
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    expect(name).not.toMatch(/_(ms|milliseconds|mb|megabytes|minutes|percent)(_|$)/)
  }
  expect(text.match(/^# HELP /gm)).toHaveLength(types.length)
})

it('give the source’s numbers in base units', async () => {
  const source = sourceOf({
    supervisor: { restarts: { crashed: 2, recycle: 1 } },
    bot: botView({
      ...connection({ state: 'waiting', failures: 4, nextAttemptAtMs: NOW_MS + 2_500 }),
      phone: { silentSinceMs: NOW_MS - 90_000, isOverdue: false },
    }),
  })
  const found = samples(await render(source))
  const expected: Record<string, number> = {
    blacksky_ready: 0,
    blacksky_uptime_seconds: 11.7635,
    'blacksky_bot_restarts_total{reason="crashed"}': 2,
    'blacksky_bot_restarts_total{reason="recycle"}': 1,
    'blacksky_bot_process_state{state="running"}': 1,
    'blacksky_bot_process_state{state="waiting"}': 0,
    blacksky_memory_used_bytes: 180 * 1_048_576,
    blacksky_memory_quota_bytes: 512 * 1_048_576,
    'blacksky_connection_state{state="waiting"}': 1,
    'blacksky_connection_state{state="open"}': 0,
    blacksky_backoff_failures: 4,
    blacksky_backoff_remaining_seconds: 2.5,
    blacksky_connection_attempts_total: 3,
    'blacksky_disconnects_total{cause="connection-lost"}': 1,
    blacksky_lease_held: 1,
    blacksky_database_reachable: 1,
    blacksky_session_writes_total: 12,
    blacksky_session_write_failures_total: 1,
    blacksky_session_write_seconds_total: 2.5,
    blacksky_messages_received_total: 7,
    blacksky_messages_confirmed_total: 5,
    blacksky_last_message_timestamp_seconds: (NOW_MS - 5_000) / 1000,
    blacksky_phone_silent_seconds: 90,
    blacksky_replies_pending: 1,
  }
  for (const [name, value] of Object.entries(expected)) expect([name, found.get(name)]).toEqual([name, value])
})

it('leave out what is not known, rather than call it 0', async () => {
  const found = samples(await render(sourceOf({ bot: 'none', memory: 'none' })))
  const names = [...found.keys()].map((name) => name.replace(/\{.*/, ''))
  expect([...new Set(names)].toSorted()).toEqual([
    'blacksky_bot_heartbeat_age_seconds',
    'blacksky_bot_process_state',
    'blacksky_ready',
    'blacksky_uptime_seconds',
  ])
})

it('follow the source, also downwards after a new process', async () => {
  let view = botView()
  const metrics = createMetrics({ source: { ...sourceOf(), bot: () => view }, nowMs: () => NOW_MS })
  const received = async (): Promise<unknown> =>
    samples(await metrics.render()).get('blacksky_messages_received_total')
  expect(await received()).toBe(7)
  view = botView({ counters: { ...view.status.counters, messagesReceived: 2, disconnects: {} } })
  expect(await received()).toBe(2)
  expect(await metrics.render()).not.toContain('connection-lost')
})
