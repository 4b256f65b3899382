import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Lifetime } from '../../../sim/cli/lifetime.ts'
import { isAlive, lab, StandInPostgres, temporaryFolder } from './support/stand-in-lab.ts'

/** Waits for what another process does. */
async function until(isTrue: () => boolean): Promise<void> {
  await vi.waitUntil(isTrue, { timeout: 20_000, interval: 20 })
}

describe('a signal during a run', () => {
  it('kills the workers, drops the databases, stops Postgres and exits with its code', async () => {
    const directory = temporaryFolder()
    const pidFile = join(directory, 'pid')
    vi.stubEnv('STAND_IN_PID_FILE', pidFile)
    const lifetime = new Lifetime()
    const postgres = new StandInPostgres()
    const running = lab('run multi-day/endless --level virtual --json x.json', {
      directory,
      lifetime,
      postgres,
    })
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
    const workerPid = Number(readFileSync(pidFile, 'utf8'))
    lifetime.interrupt(130)
    lifetime.interrupt(143)
    const { exitCode, err } = await running
    vi.unstubAllEnvs()
    expect(exitCode).toBe(130)
    expect(err).toContain('interrupted')
    expect(isAlive(workerPid)).toBe(false)
    expect(postgres.dropped).toEqual(['postgres://stand-in/0'])
    expect(postgres.stopped).toBe(1)
    expect(existsSync(join(directory, 'x.json'))).toBe(false)
  })

  it('during the start of Postgres stops what the start brings up', async () => {
    const lifetime = new Lifetime()
    const postgres = new StandInPostgres()
    const start = postgres.start.bind(postgres)
    const gate = Promise.withResolvers<void>()
    postgres.start = async (options) => {
      const started = await start(options)
      await gate.promise
      return started
    }
    const running = lab('run 512mb-quota', { lifetime, postgres })
    await until(() => postgres.started.length > 0)
    lifetime.interrupt(130)
    gate.resolve()
    expect((await running).exitCode).toBe(130)
    expect(postgres.stopped).toBe(1)
  })
})

describe('Lifetime', () => {
  it('releases in reverse order, once, and goes on after a failure', async () => {
    const lifetime = new Lifetime()
    const released: string[] = []
    lifetime.own(async () => void released.push('first'))
    lifetime.own(() => Promise.reject(new Error('stuck')))
    lifetime.own(async () => void released.push('last'))
    expect(await Promise.all([lifetime.end(), lifetime.end()])).toEqual([['stuck'], ['stuck']])
    expect(released).toEqual(['last', 'first'])
  })

  it('gives up a release that never ends', async () => {
    const lifetime = new Lifetime(1)
    lifetime.own(() => new Promise(() => undefined))
    expect(await lifetime.end()).toEqual(['it took longer than 0.001 s'])
  })
})
