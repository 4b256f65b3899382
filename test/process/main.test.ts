/** The production entry as the Procfile starts it, without a database: what it promises before there is one. */

import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN, goneFor, kill } from './support/dyno-process.ts'

const dynos: DynoProcess[] = []

async function start(env: Readonly<Record<string, string>> = {}): Promise<DynoProcess> {
  const healthPort = await freePort()
  const dyno = await DynoProcess.start(PRODUCTION_MAIN, { HEALTH_CHECK_PORT: String(healthPort), ...env })
  dynos.push(dyno)
  return dyno
}

afterEach(async () => {
  await Promise.all(dynos.splice(0).map((dyno) => dyno.dispose()))
})

describe('the dyno', () => {
  it('binds its port before it starts the bot, and says at /health why it is not ready', async () => {
    const dyno = await start()
    await dyno.event('startup.step-retrying')
    const events = dyno.text()
    expect(events.indexOf('http.listening')).toBeLessThan(events.indexOf('supervisor.bot-started'))
    expect(JSON.parse((await dyno.get('/health')).body)).toMatchObject({ databaseConnected: false })
    expect((await dyno.get('/ready')).status).toBe(503)
  })

  it('stops in order on SIGTERM, twice and to both processes, and leaves no process', async () => {
    const dyno = await start()
    await dyno.event('startup.step-retrying')
    const botPid = await dyno.botPid()
    for (const pid of [dyno.pid, botPid, dyno.pid, botPid]) kill(pid, 'SIGTERM')
    expect(await dyno.exit()).toBe(0)
    await goneFor(botPid)
  })

  it('leaves no bot behind when it is killed itself', async () => {
    const dyno = await start()
    await dyno.event('startup.step-retrying')
    const botPid = await dyno.botPid()
    kill(dyno.pid, 'SIGKILL')
    expect(await dyno.exit()).toBe('SIGKILL')
    await goneFor(botPid)
  })

  it('starts the bot again when that is killed', async () => {
    const dyno = await start()
    await dyno.event('startup.step-retrying')
    const botPid = await dyno.botPid()
    kill(botPid, 'SIGKILL')
    expect(await dyno.botPid(1)).not.toBe(botPid)
  })

  it('does without the health port when another process has it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const dyno = await start({ HEALTH_CHECK_PORT: String(port) })
    expect(await dyno.event('http.health-port-taken')).toMatchObject({ port })
    await dyno.botPid()
    await new Promise((resolve) => other.close(resolve))
  })
})

describe('a dyno that cannot do its work', () => {
  it('ends with 69 and a remedy when its web port is taken', async () => {
    const other = createServer().listen(0, '0.0.0.0')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const dyno = await start({ PORT: String(port) })
    expect(await dyno.exit()).toBe(69)
    expect(dyno.events('http.port-not-bound')).toMatchObject([{ port, remedy: 'set PORT to a free port' }])
    expect(dyno.events('supervisor.bot-started')).toEqual([])
    await new Promise((resolve) => other.close(resolve))
  })

  it('shows every wrong setting on every path, and no value, while it stays up for the port', async () => {
    const dyno = await start({ DATABASE_URL: 'mysql://u:geheim@h/d', MEMORY_CLEANUP_THRESHOLD: '200' })
    const { status, body } = await dyno.get('/health')
    expect(status).toBe(503)
    expect(JSON.parse(body)).toMatchObject({
      reasons: ['config-invalid'],
      problems: [{ setting: 'MEMORY_CLEANUP_THRESHOLD' }, { setting: 'DATABASE_URL' }],
    })
    expect(body + dyno.text()).not.toContain('geheim')
    expect(dyno.text()).toContain('The bot cannot start with 2 settings')
    kill(dyno.pid, 'SIGTERM')
    expect(await dyno.exit()).toBe(0)
  })

  it('ends with 78 where nobody could ask it', async () => {
    const dyno = await start({ PORT: '', DATABASE_URL: '' })
    expect(await dyno.exit()).toBe(78)
    expect(dyno.text()).toContain('DATABASE_URL is missing')
  })
})
