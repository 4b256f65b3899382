import { describe, expect, it } from 'vitest'
import type { DynoEnd } from '../../../../sim/dyno/real/dyno-event.ts'
import { TargetWatch } from '../../../../sim/targets/real/target-watch.ts'

const TARGET = { command: 'node x', image: undefined }
const NOTHING = { processes: 1, oldNode: undefined, hosts: [], linked: 0, refusal: undefined }
const NO_CONNECTIONS = { connections: [] }

function started(watch: TargetWatch, boot = 1, atMs = 1_000): void {
  const fields = { reason: 'first-boot', pid: 7, port: 8, place: '/x' } as const
  watch.observe({ kind: 'started', boot, atMs, ...fields })
}

function ended(watch: TargetWatch, atMs: number, end: Partial<DynoEnd>): void {
  const usual = { cause: 'exit', status: 0, upForMs: undefined, sweptProcesses: 0 } as const
  watch.observe({ kind: 'ended', boot: 1, atMs, end: { ...usual, ...end } })
}

describe('the watch over a target', () => {
  it('counts its time from the first boot', () => {
    const watch = new TargetWatch(TARGET)
    expect(watch.troubles(NO_CONNECTIONS, NOTHING, 50_000)).toEqual([])
    started(watch)
    expect(watch.troubles(NO_CONNECTIONS, NOTHING, 10_999)).toEqual([])
    started(watch, 2, 10_000)
    expect(watch.troubles(NO_CONNECTIONS, NOTHING, 11_000)).toMatchObject([{ kind: 'never-connected' }])
  })

  it('keeps how it first ended, and what it said itself', () => {
    const watch = new TargetWatch(TARGET)
    started(watch)
    watch.observeLine({ atMs: 1_100, source: 'app', process: 'web.1', text: 'no such table' })
    watch.observeLine({ atMs: 1_100, source: 'heroku', process: 'web.1', text: 'Process exited' })
    ended(watch, 1_400, { status: 3 })
    ended(watch, 9_000, { status: 4 })
    const [trouble] = watch.troubles(NO_CONNECTIONS, NOTHING, 9_000)
    expect(trouble?.message).toMatch(/exited with status 3 after 0\.4 s.*:\n {2}no such table$/s)
  })

  it('adds up over all boots what it left and ignored', () => {
    const watch = new TargetWatch(TARGET)
    started(watch)
    ended(watch, 2_000, { sweptProcesses: 2 })
    ended(watch, 3_000, { cause: 'r12', status: 137 })
    const connection = {
      number: 1,
      openedAtMs: 1,
      device: 'd',
      loggedInAtMs: 2,
      closedAtMs: 3,
      routing: undefined,
    }
    const kinds = watch.troubles({ connections: [connection] }, NOTHING, 4_000).map(({ kind }) => kind)
    expect(kinds).toEqual(['left-processes', 'ignored-sigterm'])
  })
})
