/** What the lab can tell of a command that never comes to WhatsApp, before its ten seconds are over. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { targetTroubles } from '../../sim/targets/real/target-troubles.ts'
import { PATIENCE_MS, targetBench, temporaryFolder } from './target-bench.ts'
import type { RunningTarget, TargetBench } from './target-bench.ts'

const path = process.env['PATH'] ?? ''

function start(bench: TargetBench, command: string): RunningTarget {
  return bench.boot(targetOfCommand(command, { folder: temporaryFolder(), path }))
}

/** As the engine would say it when the time is over. */
function said(bench: TargetBench, command: string, { lines }: RunningTarget, status?: number): string {
  const { connections } = bench.whatsapp.truth()
  const [trouble] = targetTroubles({
    command,
    image: undefined,
    watchedMs: 10_000,
    exit: status === undefined ? undefined : { status, afterMs: 100 },
    connections: connections.length,
    logins: connections.filter(({ loggedInAtMs }) => loggedInAtMs !== undefined).length,
    preload: bench.report(),
    lines,
    leftProcesses: 0,
    ignoredSigterms: 0,
  })
  return trouble?.message ?? 'nothing'
}

describe('a target that is no Baileys bot', () => {
  it('is told from one in Node that asks for something else', async () => {
    const bench = await targetBench()
    const command = 'sleep 60'
    expect(said(bench, command, start(bench, command))).toContain('no Node process of the target has loaded')
    const file = join(temporaryFolder(), 'idle.mjs')
    writeFileSync(file, 'setInterval(() => undefined, 1_000)')
    const idle = start(bench, `node ${file}`)
    await expect.poll(() => bench.report().processes, { timeout: PATIENCE_MS }).toBe(1)
    expect(said(bench, `node ${file}`, idle)).toContain('has asked for none of WhatsApp’s hosts')
  })

  it('that exits at once is shown with its status and its words', async () => {
    const bench = await targetBench()
    const target = start(bench, 'node not-there.js')
    const status = await target.ended
    expect(said(bench, 'node not-there.js', target, status)).toMatch(
      /exited with status 1 .*Cannot find module/s,
    )
  })

  it('keeps its own connections, which are not WhatsApp’s', async () => {
    const bench = await targetBench()
    const file = join(temporaryFolder(), 'elsewhere.mjs')
    // A TLS server of its own with a certificate that nobody has vouched for: still refused.
    writeFileSync(
      file,
      `import { connect } from 'node:tls'
       const port = Number(process.argv[2])
       connect({ host: 'localhost', port }).on('error', ({ code }) => console.log(code))
       connect(port, 'localhost').on('error', ({ code }) => console.log(code))`,
    )
    const target = start(bench, `node ${file} ${bench.whatsapp.port}`)
    await target.ended
    expect(target.lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(/CERT/),
      expect.stringMatching(/CERT/),
    ])
    expect(bench.report().hosts).toEqual([])
  })

  it('is never led anywhere but to this machine', async () => {
    const bench = await targetBench()
    const real = targetOfCommand('node -e 0', { folder: temporaryFolder(), path })
    const refused = bench.boot({
      ...real,
      environment: (places) => real.environment({ ...places, whatsappUrl: 'ws://example.org/ws' }),
    })
    expect(await refused.ended).not.toBe(0)
    expect(refused.lines.join('\n')).toContain('leads to example.org, not to loopback')
  })
})
