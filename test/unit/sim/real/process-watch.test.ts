import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ProcessWatch } from '../../../../sim/real/process-watch.ts'
import { TICKS_PER_SECOND } from '../../../../sim/dyno/real/process-table.ts'
import type { TraceData } from '../../../../sim/world/trace.ts'

const BOOT = 1
/** Long beside the time between two looks: this process is too busy to make any. */
const BUSY_MS = 250
const TICK_MS = 1_000 / TICKS_PER_SECOND

interface Seen {
  readonly atMs: number
  readonly kind: string
  readonly data: TraceData
}

let watch: ProcessWatch | undefined
let child: ChildProcess | undefined

afterEach(() => {
  watch?.stop()
  child?.kill('SIGKILL')
})

function watched(): { readonly watch: ProcessWatch; readonly of: (kind: string) => Seen | undefined } {
  const seen: Seen[] = []
  const record = (_source: string, kind: string, data: TraceData): number =>
    seen.push({ atMs: performance.now(), kind, data })
  watch = new ProcessWatch({ isBot: undefined, record })
  return { watch, of: (wanted) => seen.find(({ kind }) => kind === wanted) }
}

/** A dyno whose first process is the bot. */
function startedDyno(processes: ProcessWatch): ChildProcess {
  child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  processes.dynoStarted(BOOT, child.pid ?? 0)
  return child
}

function beBusy(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
}

describe('a look at the processes that comes late', () => {
  it('tells a start by the kernel’s clock, not earlier than it was and at most two ticks later', () => {
    const { watch: processes, of } = watched()
    const beforeMs = performance.now()
    startedDyno(processes)
    const afterMs = performance.now()
    beBusy()
    processes.look()
    const started = of('process.started')
    const startedMs = (started?.atMs ?? 0) - Number(started?.data['ageMs'])
    expect(startedMs).toBeGreaterThanOrEqual(beforeMs)
    // The age is given in whole ms.
    expect(startedMs).toBeLessThanOrEqual(afterMs + 2 * TICK_MS + 1)
  })

  it('says of an end how long nobody has seen the process alive, so that the end lies within', async () => {
    const { watch: processes, of } = watched()
    const bot = startedDyno(processes)
    processes.look()
    const aliveMs = performance.now()
    const ended = once(bot, 'exit')
    bot.kill('SIGKILL')
    beBusy()
    await ended
    processes.look()
    processes.botEnded(BOOT, { exitCode: undefined, signal: 'SIGKILL' })
    const killed = of('process.killed')
    expect(Number(killed?.data['unseenMs'])).toBeGreaterThanOrEqual(BUSY_MS)
    expect((killed?.atMs ?? 0) - Number(killed?.data['unseenMs'])).toBeLessThanOrEqual(aliveMs)
    expect(of('process.ended')?.data['unseenMs']).toBeGreaterThanOrEqual(BUSY_MS)
  })
})
