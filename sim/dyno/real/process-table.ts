/**
 * The machine's processes as /proc tells them: pure parsing of `stat`, and one walk that reads all of them.
 * Surprising: a process's name may hold spaces and parentheses, so fields count from the last parenthesis.
 */

import { closeSync, openSync, readSync, readdirSync } from 'node:fs'

/** USER_HZ: what the kernel shows to programs is 100 on every architecture that Node runs on. */
export const TICKS_PER_SECOND = 100

/** What one read may bring; used by one call at a time. */
const CHUNK = Buffer.allocUnsafe(65_536)

export interface ProcessEntry {
  readonly pid: number
  readonly parentPid: number
  readonly groupId: number
  readonly sessionId: number
  /** Ticks since the machine's boot: tells a process from a later one under the same pid. */
  readonly startTicks: number
  /** Ended, but not yet waited for by its parent: it runs nothing and holds no memory. */
  readonly isZombie: boolean
  readonly cpuTicks: number
  /** Page faults, minor and major. */
  readonly faultPages: number
  readonly residentPages: number
}

/** The text of /proc/<pid>/stat; undefined when it is not one. */
export function parseStat(text: string): ProcessEntry | undefined {
  const pid = Number.parseInt(text, 10)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  if (!Number.isInteger(pid) || fields.length < 22) return undefined
  // Field numbers of proc_pid_stat(5) less three: state, the third, is the first here.
  const figure = (index: number): number => Number(fields[index])
  return {
    pid,
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    parentPid: figure(1),
    groupId: figure(2),
    sessionId: figure(3),
    faultPages: figure(7) + figure(9),
    cpuTicks: figure(11) + figure(12),
    startTicks: figure(19),
    residentPages: figure(21),
  }
}

/** Every process that can be seen; those that end while it reads are left out. */
export function readProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => parseStat(readProcFile(`/proc/${pid}/stat`) ?? '') ?? [])
}

/** How long ago a process has started, at least: the kernel counts both figures in whole ticks. */
export function ageMs(startTicks: number): number {
  const uptimeTicks = Math.floor(Number.parseFloat(readProcFile('/proc/uptime') ?? '0') * TICKS_PER_SECOND)
  return Math.max(0, uptimeTicks - startTicks - 1) * (1_000 / TICKS_PER_SECOND)
}

/**
 * The pid under which this machine knows a process that knows itself by another: in a container they count from 1.
 * The moment of its start is the same for both. Undefined when there is no such process.
 */
export function machinePid(own: { readonly pid: number; readonly startTicks: number }): number | undefined {
  const begunThen = readProcesses().filter(({ startTicks }) => startTicks === own.startTicks)
  return begunThen.find(({ pid }) => ownPid(readProcFile(`/proc/${pid}/status`) ?? '') === own.pid)?.pid
}

/** The innermost of the numbers that a process goes by. @param status the text of /proc/<pid>/status */
export function ownPid(status: string): number | undefined {
  const numbers = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/)
  return numbers === undefined ? undefined : Number(numbers.at(-1))
}

/**
 * Undefined for what has ended, belongs to others, or does not exist. Files of /proc do not say how long they are, and
 * readFileSync takes 64 KB anew for each of them: ten looks a second at every process kept the collector busy.
 */
export function readProcFile(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    let text = ''
    for (let length = readSync(file, CHUNK); length > 0; length = readSync(file, CHUNK))
      text += CHUNK.toString('latin1', 0, length)
    return text
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Bytes of a page, found by comparing two of the kernel's own figures. */
export function pageBytes(): number {
  const residentKb = /^VmRSS:\s+(\d+) kB/m.exec(readProcFile('/proc/self/status') ?? '')?.[1]
  const pages = parseStat(readProcFile('/proc/self/stat') ?? '')?.residentPages ?? 0
  if (residentKb === undefined || pages === 0) return 4_096
  return 2 ** Math.round(Math.log2((Number(residentKb) * 1_024) / pages))
}
