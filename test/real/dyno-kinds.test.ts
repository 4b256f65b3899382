/**
 * What every kind of dyno promises alike: on this machine and, where an engine holds the image, in a container.
 * Every test also sees that no process, no folder and no container is left.
 */

import { describe, expect, it } from 'vitest'
import type { HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import type { DynoKind } from '../../sim/dyno/real/housing/dyno-kind.ts'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import {
  IN_CONTAINER,
  ON_THIS_MACHINE,
  canRunContainers,
  get,
  startSim,
  texts,
  until,
  up,
} from './sim-bench.ts'

const MB = 1_048_576

const kinds = [
  { name: 'on this machine', dyno: ON_THIS_MACHINE, isHere: true },
  { name: 'in a container', dyno: IN_CONTAINER, isHere: await canRunContainers() },
]

for (const { name, dyno, isHere } of kinds) {
  describe.runIf(isHere)(`a dyno ${name}`, () => {
    promises(dyno)
  })
}

function promises(dyno: DynoKind): void {
  const start = (way: string, options: Partial<HerokuSimOptions> = {}) => startSim(way, { dyno, ...options })

  it('boots with the environment of Heroku and nothing of ours', async () => {
    const sim = await start('serve', { configVars: { GREETING: 'hello' } })
    await up(sim)
    const environment: Record<string, string> = JSON.parse((await get(sim, '/env')).body)
    expect(environment).toMatchObject({ DYNO: 'web.1', MEMORY_AVAILABLE: '512', GREETING: 'hello' })
    expect(environment['VITEST']).toBeUndefined()
    expect(texts(sim)).toEqual([
      expect.stringMatching(/^Starting process with command `node .*app\.mjs serve`$/),
      'State changed from starting to up',
    ])
  })

  it('has files of its own, which are gone at the next boot', async () => {
    const sim = await start('serve')
    await up(sim)
    expect((await get(sim, '/mark-disk')).body).toBe('false')
    expect((await get(sim, '/mark-disk')).body).toBe('true')
    sim.restart()
    await up(sim, 2)
    expect((await get(sim, '/mark-disk')).body).toBe('false')
  })

  it('ends in order: SIGTERM reaches every process, twice where that is asked for', async () => {
    const sim = await start('with-child', { rules: { repeatedSigtermChance: 1, repeatedSigtermMaxMs: 200 } })
    await up(sim)
    await expect.poll(() => texts(sim)).toContain('child ready')
    await sim.stop()
    expect(texts(sim).filter((text) => text.startsWith('SIGTERM'))).toEqual(['SIGTERM 1', 'SIGTERM 2'])
    expect(texts(sim)).toEqual(expect.arrayContaining(['child SIGTERM', 'Process exited with status 0']))
    expect(sim.record.events).toContainEqual(
      expect.objectContaining({ kind: 'sigterm', isRepeated: false, processes: 2 }),
    )
  })

  it('that is deaf to SIGTERM is killed: R12', async () => {
    const sim = await start('ignore-sigterm', { rules: { terminationMs: 800 } })
    await up(sim)
    await sim.stop()
    expect(texts(sim).slice(-4)).toEqual([
      'SIGTERM ignored',
      'Error R12 (Exit timeout) -> At least one process failed to exit within 0.8 seconds of SIGTERM',
      'Stopping remaining processes with SIGKILL',
      'Process exited with status 137',
    ])
  })

  it('that does not care for SIGTERM ends by it: status 143', async () => {
    const sim = await start('serve')
    await up(sim)
    await sim.stop()
    expect(texts(sim).at(-1)).toBe('Process exited with status 143')
  })

  it.each([
    ['exit 3', 3],
    ['exit 0', 0],
  ])('that ends by itself (%s) is a crash with its own status', async (way, status) => {
    const sim = await start(way)
    const ended = await until(sim, (event) => event.kind === 'ended')
    expect(ended).toMatchObject({ end: { cause: 'exit', status } })
    expect(sim.record.events[1]).toMatchObject({ kind: 'started', boot: 1 })
    await until(sim, (event) => event.kind === 'cool-off')
  })

  it('whose command is not to be found ends with 127', async () => {
    const command = commandOf(['no-such-program'])
    if (command === undefined) throw new Error('no command')
    const sim = await start('', { command })
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({ end: { status: 127 } })
    expect(texts(sim).join('\n')).toMatch(/no-such-program.*(ENOENT|No such file)/)
  })

  it('that binds too late is R10', async () => {
    const sim = await start('never-bind', { rules: { bootLimitMs: 800 } })
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
      end: { cause: 'r10', status: 137 },
    })
  })

  it('takes its daemons with it when its first process ends', async () => {
    const sim = await start('daemon-and-exit')
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
      end: { cause: 'exit', status: 3 },
    })
  })

  it('above the quota is R14 at each sample, above twice the quota R15', async () => {
    const sim = await start('grow 3', {
      rules: { quotaBytes: 100 * MB, sampleMs: 300, sampleJitterMs: 30 },
    })
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
      end: { cause: 'r15', status: 137 },
    })
    const verdicts = sim.record.samples.map(({ verdict }) => verdict)
    expect(verdicts.at(-1)).toBe('r15')
    expect(verdicts.filter((verdict) => verdict === 'r14').length).toBeGreaterThan(1)
    for (const { verdict, percent, measure } of sim.record.samples) {
      expect(verdict).toBe(percent > 200 ? 'r15' : percent > 100 ? 'r14' : 'fine')
      expect(measure).toBe('pss')
    }
  })

  it.each(['burst 600', 'grow-in-child 600'])('at the ceiling (%s) is R15 at once', async (way) => {
    const sim = await start(way, { rules: { quotaBytes: 120 * MB, sampleMs: 3_600_000 } })
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
      end: { cause: 'r15', status: 137 },
    })
    expect(sim.record.samples).toMatchObject([{ isScheduled: false, verdict: 'r15' }])
    expect(sim.record.samples[0]?.percent).toBeGreaterThanOrEqual(250)
  })

  it('under a hard limit loses its largest process, without R14 or R15', async () => {
    const sim = await start('grow-in-child 300', {
      memoryModel: 'cgroup',
      rules: { quotaBytes: 160 * MB },
    })
    await until(sim, (event) => event.kind === 'oom-kill')
    expect((await get(sim, '/')).status).toBe(200)
    expect(texts(sim).join('\n')).not.toMatch(/R1[45]/)
  })

  it('is replaced when its host fails', async () => {
    const sim = await start('serve')
    await up(sim)
    sim.killNow()
    await up(sim, 2)
    expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
      end: { cause: 'hardware-fault', status: 137 },
    })
  })

  it('that is told to end while it starts leaves nothing', async () => {
    const sim = await start('serve')
    await sim.stop()
    expect(sim.state).toBe('down')
  })
}
