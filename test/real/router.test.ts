/** The router in front of a dyno: what each failure is called, what the app is told, what the log says. */

import { connect } from 'node:net'
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { HerokuSim } from '../../sim/dyno/real/heroku-sim.ts'
import { get, startSim, texts, until, up } from './sim-bench.ts'

/** The line of the only request. */
async function routerLine(sim: HerokuSim): Promise<string> {
  await until(sim, (event) => event.kind === 'request')
  return texts(sim, 'router')[0] ?? ''
}

describe('a request that is answered', () => {
  it('has a line in the format of Heroku', async () => {
    const sim = await startSim('serve')
    await up(sim)
    await get(sim, '/some/path?a=1', { host: 'my-bot.example' })
    expect(await routerLine(sim)).toMatch(
      /^at=info method=GET path="\/some\/path\?a=1" host=my-bot\.example request_id=[0-9a-f-]{36} fwd="127\.0\.0\.1" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http$/,
    )
  })

  it('reaches the app with what the router knows of the client', async () => {
    const sim = await startSim('serve', { protocol: 'https' })
    await up(sim)
    const { body } = await get(sim, '/headers', { 'x-forwarded-for': '203.0.113.9' })
    expect(JSON.parse(body)).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      via: '1.1 heroku-router',
    })
  })

  it('waits for a dyno that is starting', async () => {
    const sim = await startSim('slow-boot 700')
    expect((await get(sim, '/')).status).toBe(200)
  })

  it('may become a WebSocket', async () => {
    const sim = await startSim('serve')
    await up(sim)
    const socket = connect(sim.port, '127.0.0.1')
    let heard = ''
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text))
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await expect.poll(() => heard).toContain('101 Switching Protocols')
    socket.write('ping')
    await expect.poll(() => heard).toMatch(/ping$/)
    socket.end()
    expect(await routerLine(sim)).toMatch(/^at=info .* status=101 bytes=\d+ /)
  })
})

/** What the client of an upgrade hears. */
async function upgrade(sim: HerokuSim, path: string): Promise<string> {
  const socket = connect(sim.port, '127.0.0.1')
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => (heard += text))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`)
  await new Promise((resolve) => socket.once('close', resolve))
  return heard
}

describe('a WebSocket that fails', () => {
  it('is H21 when the app no longer listens', async () => {
    const sim = await startSim('stop-listening')
    await up(sim)
    await expect.poll(() => texts(sim)).toContain('closed')
    expect(await upgrade(sim, '/ws')).toContain('HTTP/1.1 503 ')
    expect(await routerLine(sim)).toMatch(/^at=error code=H21 .* status=503 /)
  })

  it('is H13 when the app hangs up without a byte', async () => {
    const sim = await startSim('refuse-upgrades')
    await up(sim)
    expect(await upgrade(sim, '/ws')).toContain('HTTP/1.1 503 ')
    expect(await routerLine(sim)).toMatch(/^at=error code=H13 .* status=503 /)
  })

  it('is H27 when the client leaves before the app has answered', async () => {
    const sim = await startSim('ignore-upgrades')
    await up(sim)
    const socket = connect(sim.port, '127.0.0.1')
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await expect.poll(() => texts(sim)).toContain('upgrade ignored')
    socket.destroy()
    expect(await routerLine(sim)).toMatch(/^sock=client at=warning code=H27 .* status=499 /)
  })
})

describe('a request that fails', () => {
  it('is H10 when the app has crashed', async () => {
    const sim = await startSim('exit 1', { rules: { coolOffMinutes: [60], coolOffDraw: 'worst-case' } })
    await until(sim, (event) => event.kind === 'cool-off')
    expect((await get(sim, '/')).status).toBe(503)
    expect(await routerLine(sim)).toMatch(
      /^at=error code=H10 desc="App crashed" method=GET path="\/" .* dyno= connect= service= status=503 bytes= /,
    )
  })

  it('is H12 when the app does not begin to answer; the dyno keeps working', async () => {
    const sim = await startSim('serve', { rules: { requestTimeoutMs: 500 } })
    await up(sim)
    expect((await get(sim, '/never')).status).toBe(503)
    expect(await routerLine(sim)).toMatch(
      /^at=error code=H12 desc="Request timeout" .* dyno=web\.1 .* service=\d+ms status=503 bytes=0 /,
    )
    expect(texts(sim)).toContain('working on it')
    expect((await get(sim, '/')).status).toBe(200)
  })

  it('is H13 when the app hangs up without a byte', async () => {
    const sim = await startSim('serve')
    await up(sim)
    expect((await get(sim, '/hang-up')).status).toBe(503)
    expect(await routerLine(sim)).toContain('code=H13 desc="Connection closed without response"')
  })

  it('is H14 when no dyno is wanted', async () => {
    const sim = await startSim('serve')
    await up(sim)
    await sim.scale(0)
    expect((await get(sim, '/')).status).toBe(503)
    expect(await routerLine(sim)).toContain('code=H14 desc="No web processes running"')
    await sim.scale(1)
    expect((await get(sim, '/')).status).toBe(200)
  })

  it('is H15 when the answer stops flowing', async () => {
    const sim = await startSim('serve', { rules: { idleTimeoutMs: 400 } })
    await up(sim)
    await expect(get(sim, '/stutter')).rejects.toThrow('aborted')
    expect(await routerLine(sim)).toMatch(/code=H15 desc="Idle connection" .* bytes=5 /)
  })

  it('is H18 when the app breaks off in the middle', async () => {
    const sim = await startSim('serve')
    await up(sim)
    await expect(get(sim, '/half')).rejects.toThrow('aborted')
    expect(await routerLine(sim)).toMatch(/^sock=backend at=error code=H18 .* status=503 bytes=4 /)
  })

  it('is H20 when no dyno comes up in time', async () => {
    const sim = await startSim('never-bind', { rules: { queueLimitMs: 500 } })
    expect((await get(sim, '/')).status).toBe(503)
    expect(await routerLine(sim)).toContain('code=H20 desc="App boot timeout"')
  })

  it('is H21 when the app no longer listens', async () => {
    const sim = await startSim('stop-listening')
    await up(sim)
    await expect.poll(() => texts(sim)).toContain('closed')
    expect((await get(sim, '/')).status).toBe(503)
    expect(await routerLine(sim)).toContain('code=H21 desc="Backend connection refused"')
  })

  it('is H27 when the client leaves', async () => {
    const sim = await startSim('serve')
    await up(sim)
    const call = request({ host: '127.0.0.1', port: sim.port, path: '/never', agent: false })
    call.on('error', () => undefined)
    call.end()
    await expect.poll(() => texts(sim)).toContain('working on it')
    call.destroy()
    expect(await routerLine(sim)).toMatch(
      /^sock=client at=warning code=H27 desc="Client Request Interrupted" .* status=499 bytes=0 /,
    )
  })

  it('is H28 when the client stops sending', async () => {
    const sim = await startSim('serve', { rules: { idleTimeoutMs: 400 } })
    await up(sim)
    const socket = connect(sim.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST /never HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome')
    expect(await routerLine(sim)).toMatch(/code=H28 desc="Client Connection Idle" method=POST .* status=499 /)
    socket.destroy()
  })
})
