import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { ProcessFaults } from '../../../../sim/real/process-faults.ts'
import type { ProcessFault } from '../../../../sim/real/process-faults.ts'
import type { BotProcess, ProcessWatch } from '../../../../sim/real/process-watch.ts'
import { realFaultSchema } from '../../../../sim/faults/real-fault.ts'
import { PrngStreams } from '../../../../sim/world/prng.ts'

/** No process has it: pids end far below. */
const NOBODYS_PID = 2 ** 30

let faults: ProcessFaults | undefined
let child: ChildProcess | undefined
afterEach(() => {
  faults?.stop()
  child?.kill('SIGKILL')
})

function faultsOn(pid: number, workerPid = pid): ProcessFaults {
  const bot: BotProcess = { name: 'web.1#1/bot-1', dynoId: 'web.1#1', boot: 1, pid, startTicks: 1 }
  const processes: Partial<ProcessWatch> = { living: [bot], newestBoot: 1, pidsOf: () => [pid] }
  faults = new ProcessFaults({
    processes: processes as ProcessWatch,
    workerOf: () => workerPid,
    stream: new PrngStreams('1').stream('x'),
    record: () => undefined,
  })
  return faults
}

function fault(value: object): ProcessFault {
  return realFaultSchema.parse({ atMs: 0, forMs: 30, ...value }) as ProcessFault
}

async function idle(processes: ProcessFaults): Promise<void> {
  await expect.poll(() => processes.isIdle, { interval: 5 }).toBe(true)
}

describe('a fault of processes', () => {
  it.each([
    { kind: 'bot-crashes', withinMs: 1 },
    { kind: 'bot-hang', how: 'idle' },
    { kind: 'bot-starve', timerDelayMs: 1 },
    { kind: 'hang' },
    { kind: 'starve', timerDelayMs: 1 },
  ])('$kind has not struck when its signals meet nobody', async (value) => {
    const processes = faultsOn(NOBODYS_PID)
    const hasStruck = processes.begin(fault(value))
    expect(processes.isIdle).toBe(false)
    await idle(processes)
    expect(hasStruck()).toBe(false)
  })

  it('strikes the process that does the work, not the one that has started it', async () => {
    child = spawn('sleep', ['60'], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    const processes = faultsOn(NOBODYS_PID, child.pid)
    expect(processes.botPid).toBe(child.pid)
    const hasStruck = processes.begin(fault({ kind: 'bot-crashes', withinMs: 1 }))
    expect((await ended)[1]).toBe('SIGABRT')
    await idle(processes)
    expect(hasStruck()).toBe(true)
  })

  it('has struck once the crash has been delivered, and not before', async () => {
    child = spawn('sleep', ['60'], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    const processes = faultsOn(child.pid ?? 0)
    const hasStruck = processes.begin(fault({ kind: 'bot-crashes', withinMs: 1 }))
    expect(hasStruck()).toBe(false)
    expect(await ended).toEqual([null, 'SIGABRT'])
    expect(hasStruck()).toBe(true)
    await idle(processes)
  })

  it('lasts until everybody runs again', async () => {
    child = spawn('sleep', ['60'], { stdio: 'ignore' })
    const processes = faultsOn(child.pid ?? 0)
    const hasStruck = processes.begin(fault({ kind: 'bot-hang', how: 'idle' }))
    expect(processes.isIdle).toBe(false)
    await idle(processes)
    expect(hasStruck()).toBe(true)
  })
})
