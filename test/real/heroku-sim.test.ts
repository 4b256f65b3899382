/**
 * The life of a dyno over real processes; every test also sees that no process and no folder is left. What dynos
 * in containers promise as well is in dyno-kinds.test.ts.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PATIENCE_MS, TARGETS, get, startSim, texts, until, up } from './sim-bench.ts'

const MB = 1_048_576

describe('a boot', () => {
  it('gives the app the environment of Heroku and nothing of ours', async () => {
    const sim = await startSim('serve', { configVars: { GREETING: 'hello' } })
    await up(sim)
    const environment: Record<string, string> = JSON.parse((await get(sim, '/env')).body)
    expect(environment).toMatchObject({
      DYNO: 'web.1',
      NODE_ENV: 'production',
      MEMORY_AVAILABLE: '512',
      WEB_CONCURRENCY: '1',
      GREETING: 'hello',
    })
    expect(Number(environment['PORT'])).not.toBe(sim.port)
    expect(environment['VITEST']).toBeUndefined()
    expect(texts(sim)).toEqual([
      'Starting process with command `node app.mjs serve`',
      'State changed from starting to up',
    ])
  })

  it('has files of its own, which are gone at the next', async () => {
    const sim = await startSim('serve')
    await up(sim)
    expect((await get(sim, '/mark-disk')).body).toBe('false')
    expect((await get(sim, '/mark-disk')).body).toBe('true')
    sim.restart()
    await up(sim, 2)
    expect((await get(sim, '/mark-disk')).body).toBe('false')
    expect(existsSync(join(TARGETS, 'marked'))).toBe(false)
  })

  it('that binds too late is R10', async () => {
    const sim = await startSim('never-bind', { rules: { bootLimitMs: 600 } })
    await until(sim, (event) => event.kind === 'ended')
    expect(texts(sim).slice(0, 5)).toEqual([
      'Starting process with command `node app.mjs never-bind`',
      'Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 0.6 seconds of launch',
      'Stopping process with SIGKILL',
      'Process exited with status 137',
      'State changed from starting to crashed',
    ])
  })

  it('that binds the loopback address alone is R10 too, and is told why', async () => {
    const sim = await startSim('loopback', { rules: { bootLimitMs: 1_500 } })
    await until(sim, (event) => event.kind === 'ended')
    expect(texts(sim).join('\n')).toContain('bind 0.0.0.0')
  })

  it('prints what the app prints, cut at 10,000 bytes and harmless', async () => {
    const sim = await startSim('binary')
    await up(sim)
    const printed = (): string[] =>
      sim.record.lines.flatMap(({ source, process, text }) =>
        source === 'app' && process === 'web.1' ? [text] : [],
      )
    await expect.poll(() => printed().map(({ length }) => length)).toEqual([5, 10_000, 10_000, 5_000])
    expect(printed()[0]).toBe('\ufffd\ufffd\u001b[m')
  })
})

describe('SIGTERM', () => {
  it('ignored is R12 and SIGKILL', async () => {
    const sim = await startSim('ignore-sigterm', { rules: { terminationMs: 500 } })
    await up(sim)
    await sim.stop()
    expect(texts(sim).slice(-6)).toEqual([
      'State changed from up to down',
      'Stopping all processes with SIGTERM',
      'SIGTERM ignored',
      'Error R12 (Exit timeout) -> At least one process failed to exit within 0.5 seconds of SIGTERM',
      'Stopping remaining processes with SIGKILL',
      'Process exited with status 137',
    ])
  })
})

describe('the process tree', () => {
  it('includes a grandchild that broke with parent, group and session: it counts, and ends with the dyno', async () => {
    // Looked at rarely, so that its parents are gone before anybody could have seen them.
    const rules = { sampleMs: 1_500, sampleJitterMs: 0, ceilingPollMs: 3_600_000 }
    const sim = await startSim('with-daemon', { rules })
    await up(sim)
    await expect.poll(() => sim.record.samples.at(-1)?.processes, { timeout: PATIENCE_MS }).toBe(2)
    await sim.stop()
  })

  it('is swept when the first process ends by itself', async () => {
    const sim = await startSim('daemon-and-exit')
    const ended = await until(sim, (event) => event.kind === 'ended')
    expect(ended).toMatchObject({ end: { cause: 'exit', status: 3, sweptProcesses: 1 } })
  })
})

describe('memory', () => {
  it('above the quota is R14 at each sample, above twice the quota R15', async () => {
    const rules = { quotaBytes: 100 * MB, sampleMs: 300, sampleJitterMs: 30 }
    const sim = await startSim('grow 3', { rules })
    await until(sim, (event) => event.kind === 'state' && event.from === 'crashed')
    const verdicts = sim.record.samples.map(({ verdict }) => verdict)
    expect(verdicts.at(-1)).toBe('r15')
    expect(verdicts.filter((verdict) => verdict === 'r14').length).toBeGreaterThan(1)
    for (const { verdict, percent } of sim.record.samples) {
      expect(verdict).toBe(percent > 200 ? 'r15' : percent > 100 ? 'r14' : 'fine')
    }
    const lines = texts(sim)
    const last = sim.record.samples.at(-1)
    expect(lines).toContain('Error R14 (Memory quota exceeded)')
    expect(lines.slice(lines.indexOf('Error R15 (Memory quota vastly exceeded)') - 1).slice(0, 6)).toEqual([
      `Process running mem=${last?.memoryMb}M(${last?.percent.toFixed(1)}%)`,
      'Error R15 (Memory quota vastly exceeded)',
      'Stopping process with SIGKILL',
      'Process exited with status 137',
      'State changed from up to crashed',
      'State changed from crashed to starting',
    ])
  })

  it('at two and a half times the quota is R15 at once, between samples', async () => {
    const sim = await startSim('burst 300', { rules: { quotaBytes: 100 * MB, sampleMs: 3_600_000 } })
    const ended = await until(sim, (event) => event.kind === 'ended')
    expect(ended).toMatchObject({ end: { cause: 'r15', status: 137 } })
    expect(sim.record.samples.map(({ isScheduled, verdict }) => ({ isScheduled, verdict }))).toEqual([
      { isScheduled: false, verdict: 'r15' },
    ])
  })

  it('of a child counts too', async () => {
    const rules = { quotaBytes: 120 * MB, sampleMs: 300, sampleJitterMs: 30 }
    const sim = await startSim('grow-in-child 100', { rules })
    const sample = await until(sim, (event) => event.kind === 'sample' && event.verdict === 'r14')
    expect(sample).toMatchObject({ processes: 2, measure: 'pss' })
  })

  it('under a hard limit costs the largest process its life, without R14 or R15', async () => {
    const sim = await startSim('grow-in-child 200', {
      memoryModel: 'cgroup',
      rules: { quotaBytes: 160 * MB },
    })
    const kill = await until(sim, (event) => event.kind === 'oom-kill')
    const started = await until(sim, (event) => event.kind === 'started')
    expect(kill.kind === 'oom-kill' && started.kind === 'started' && kill.pid !== started.pid).toBe(true)
    await up(sim)
    expect(sim.state).toBe('up')
    expect(texts(sim).join('\n')).not.toMatch(/R1[45]/)
  })

  it('is printed as runtime metrics where that is asked for', async () => {
    const sim = await startSim('serve', {
      hasRuntimeMetrics: true,
      rules: { sampleMs: 200, sampleJitterMs: 0 },
    })
    await up(sim)
    await expect
      .poll(() => texts(sim).filter((text) => text.startsWith('source=web.1')).length)
      .toBeGreaterThan(3)
    const line = texts(sim).findLast((text) => text.includes('memory_total'))
    expect(line).toMatch(
      /^source=web\.1 dyno=heroku\.\d+\.[\w-]{36} sample#memory_total=[\d.]+MB sample#memory_rss=[\d.]+MB sample#memory_cache=0\.00MB sample#memory_swap=0\.00MB sample#memory_pgpgin=\d+pages sample#memory_pgpgout=\d+pages sample#memory_quota=512\.00MB$/,
    )
  })
})

describe('an app that ends by itself', () => {
  it('is started again at once, and then ever later', async () => {
    // 20 minutes are 600 ms.
    const sim = await startSim('exit 1', { compress: 2_000 })
    await until(sim, (event) => event.kind === 'cool-off' && event.crashes === 4)
    const waits = sim.record.events.flatMap((event) => (event.kind === 'cool-off' ? [event.waitMs] : []))
    const maxima = [0, 600, 1_200, 1_800]
    expect(waits[0]).toBe(0)
    for (const [index, waitMs] of waits.slice(1).entries()) {
      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(maxima[index + 1] ?? 0)
    }
    expect(texts(sim)).toEqual(
      expect.arrayContaining([
        'Process exited with status 1',
        'State changed from starting to crashed',
        'State changed from crashed to starting',
      ]),
    )
    expect(texts(sim).join('\n')).toMatch(/Crash 2 in a row: cool-off of [\d.]+ min, compressed to [\d.]+ s/)
  })

  it('is started without the rest of its cool-off by a restart', async () => {
    const sim = await startSim('exit 0', { rules: { coolOffMinutes: [60], coolOffDraw: 'worst-case' } })
    await until(sim, (event) => event.kind === 'cool-off')
    expect(sim.state).toBe('crashed')
    sim.restart()
    await until(sim, (event) => event.kind === 'ended' && event.boot === 2)
    await until(sim, (event) => event.kind === 'cool-off' && event.crashes === 1)
  })
})

describe('old and new dyno', () => {
  it('run at once at a deploy, under the same name', async () => {
    const sim = await startSim('graceful')
    await up(sim)
    sim.deploy({ configVars: { RELEASE: 'two' } })
    await up(sim, 2)
    const events = sim.record.events
    const newStart = events.findIndex((event) => event.kind === 'started' && event.boot === 2)
    const oldEnd = events.findIndex((event) => event.kind === 'ended' && event.boot === 1)
    expect(newStart).toBeGreaterThan(0)
    expect(oldEnd === -1 || oldEnd > newStart).toBe(true)
    expect(JSON.parse((await get(sim, '/env')).body)).toMatchObject({ RELEASE: 'two', DYNO: 'web.1' })
    expect(texts(sim, 'api').join('\n')).toMatch(/Deploy [0-9a-f]{8} by .*\nRelease v2 created by/)
  })

  it('take turns each day', async () => {
    const sim = await startSim('serve', { compress: 86_400, rules: { cycleExtraMaxMs: 0 } })
    await up(sim, 2)
    expect(texts(sim).join('\n')).toContain(
      'Cycling\nState changed from up to starting\nStopping all processes with SIGTERM',
    )
  })

  it('serve one after the other at a preboot: the router turns only when it is over', async () => {
    const rules = { bootLimitMs: 4_000, prebootExtraMs: 0 }
    const sim = await startSim('serve', { size: 'standard-1x', hasPreboot: true, rules })
    await up(sim)
    const old = (await get(sim, '/')).body
    sim.deploy()
    await up(sim, 2)
    expect((await get(sim, '/')).body).toBe(old)
    await until(sim, (event) => event.kind === 'ended' && event.boot === 1)
    const later = await get(sim, '/')
    expect(later.status).toBe(200)
    expect(later.body).not.toBe(old)
  })

  it('are replaced without cool-off when the host fails', async () => {
    const sim = await startSim('serve')
    await up(sim)
    sim.killNow()
    await up(sim, 2)
    expect(sim.record.events.filter((event) => event.kind === 'cool-off')).toEqual([])
  })

  it('meet a fault of the host also between two: it kills the one that still stops, once', async () => {
    const sim = await startSim('ignore-sigterm', { rules: { startGapMaxMs: 1_000 } })
    await up(sim)
    expect(sim.restart()).toBe(true)
    expect(sim.restart()).toBe(false)
    expect(sim.killNow()).toBe(true)
    expect(sim.killNow()).toBe(false)
    const ended = await until(sim, (event) => event.kind === 'ended' && event.boot === 1)
    expect(ended).toMatchObject({ end: { cause: 'hardware-fault' } })
    await up(sim, 2)
    expect(sim.killNow()).toBe(true)
  })

  it('are none once the app is scaled to nothing: then no command meets anybody', async () => {
    const sim = await startSim('serve')
    await up(sim)
    await sim.scale(0)
    expect([sim.restart(), sim.deploy(), sim.killNow()]).toEqual([false, false, false])
  })
})

describe('an eco dyno', () => {
  it('sleeps without requests, and a request wakes it', async () => {
    const sim = await startSim('serve', { size: 'eco', rules: { sleepAfterMs: 800 } })
    await up(sim)
    await until(sim, (event) => event.kind === 'ended')
    expect(sim.state).toBe('down')
    expect((await get(sim, '/')).status).toBe(200)
    expect(texts(sim).slice(2)).toEqual(
      expect.arrayContaining([
        'Idling',
        'State changed from up to down',
        'Process exited with status 143',
        'Unidling',
        'State changed from down to starting',
      ]),
    )
  })
})
