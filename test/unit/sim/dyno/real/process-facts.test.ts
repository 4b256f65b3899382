import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  existsSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { copyApp } from '../../../../../sim/dyno/real/app-copy.ts'
import { dynoEnvironment } from '../../../../../sim/dyno/real/dyno-environment.ts'
import { DYNO_SIZES } from '../../../../../sim/dyno/real/dyno-size.ts'
import { bindingIn } from '../../../../../sim/dyno/real/listening-port.ts'
import { ephemeralPorts, freePort } from '../../../../../sim/free-port.ts'
import {
  machinePid,
  ownPid,
  pageBytes,
  parseStat,
  readProcesses,
} from '../../../../../sim/dyno/real/process-table.ts'
import { compressRules, realRules } from '../../../../../sim/dyno/real/real-rules.ts'
import { commandOf, findCommand, procfileCommand } from '../../../../../sim/dyno/real/web-command.ts'

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'process-facts-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** One line of /proc/net/tcp. */
function line(address: string, port: string, state: string): string {
  return `   0: ${address}:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1`
}

function inode(folder: string): number {
  return statSync(join(folder, 'node_modules/a/index.js')).ino
}

describe('a line of /proc/<pid>/stat', () => {
  it('is read behind names with blanks and parentheses', () => {
    const numbers = '7 8 9 0 -1 0 100 0 20 0 30 12 0 0 20 0 11 0 98765 1000 345 18446744073709551615'
    expect(parseStat(`42 (a) (odd) R) S ${numbers}`)).toEqual({
      pid: 42,
      parentPid: 7,
      groupId: 8,
      sessionId: 9,
      isZombie: false,
      faultPages: 120,
      cpuTicks: 42,
      startTicks: 98_765,
      residentPages: 345,
    })
    expect(parseStat(`42 (x) Z ${numbers}`)?.isZombie).toBe(true)
  })

  it('is refused when torn', () => {
    expect(parseStat('')).toBeUndefined()
    expect(parseStat('42 (node) S 1')).toBeUndefined()
  })

  it('is found for this very process', () => {
    expect(readProcesses().find(({ pid }) => pid === process.pid)?.parentPid).toBe(process.ppid)
    expect([4_096, 16_384, 65_536]).toContain(pageBytes())
  })
})

describe('a listening port', () => {
  it.each([
    ['0.0.0.0', line('00000000', '1F90', '0A'), 'reachable'],
    ['::', line('0'.repeat(32), '1F90', '0A'), 'reachable'],
    ['127.0.0.1', line('0100007F', '1F90', '0A'), 'loopback'],
    ['::1', line('00000000000000000000000001000000', '1F90', '0A'), 'loopback'],
    ['::ffff:127.0.0.1', line('0000000000000000FFFF00000100007F', '1F90', '0A'), 'loopback'],
    ['another port', line('00000000', '1F91', '0A'), 'none'],
    ['a mere connection', line('00000000', '1F90', '01'), 'none'],
  ])('on %s', (_what, table, binding) => {
    expect(bindingIn(`  sl  local_address rem_address   st\n${table}\n`, 8_080)).toBe(binding)
  })
})

describe('the copy of an app', () => {
  it('shares node_modules and nothing else; a full one shares nothing', async () => {
    const source = temporaryFolder()
    for (const folder of ['src', 'node_modules/a', '.git'])
      mkdirSync(join(source, folder), { recursive: true })
    for (const file of ['src/main.js', 'node_modules/a/index.js', '.git/HEAD'])
      writeFileSync(join(source, file), 'x')
    symlinkSync('src/main.js', join(source, 'link.js'))
    const target = join(temporaryFolder(), 'copy')
    await copyApp({ source, target, isFullCopy: false })
    writeFileSync(join(target, 'src/main.js'), 'changed')
    expect(readFileSync(join(source, 'src/main.js'), 'utf8')).toBe('x')
    expect(readFileSync(join(target, 'link.js'), 'utf8')).toBe('changed')
    expect(existsSync(join(target, '.git'))).toBe(false)
    expect(inode(target)).toBe(inode(source))
    const full = join(temporaryFolder(), 'full')
    await copyApp({ source, target: full, isFullCopy: true })
    expect(inode(full)).not.toBe(inode(source))
  })
})

describe('the environment of a dyno', () => {
  const place = { folder: '/app', temporaryFolder: '/t', path: '/bin' }
  const parts = {
    port: 1_234,
    quotaMb: 512,
    mark: ['MARK', 'm'],
    configVars: { NODE_ENV: 'test', PORT: '1', DYNO: 'mine' },
  } as const

  it('lets config vars win, but for PORT and DYNO', () => {
    expect(dynoEnvironment(parts, place)).toMatchObject({
      NODE_ENV: 'test',
      PORT: '1234',
      DYNO: 'web.1',
      PATH: '/app/node_modules/.bin:/bin',
      MARK: 'm',
    })
  })

  it('leaves home and path to the image, where there is one', () => {
    const names = Object.keys(dynoEnvironment(parts, undefined))
    expect(names.filter((name) => ['HOME', 'PWD', 'PATH', 'TMPDIR'].includes(name))).toEqual([])
    expect(names).toContain('MEMORY_AVAILABLE')
  })

  it.each([
    [512, '512', '1'],
    [1_024, '512', '2'],
    [30_720, '2048', '15'],
  ])('reckons %i MB as the buildpack does', (quotaMb, memory, concurrency) => {
    expect(dynoEnvironment({ ...parts, quotaMb }, place)).toMatchObject({
      WEB_MEMORY: memory,
      WEB_CONCURRENCY: concurrency,
    })
  })
})

describe('a free port', () => {
  it('is none that the kernel gives to connections', async () => {
    const { from, to } = ephemeralPorts(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
    const leavesRoom = from > 10_000 || to < 32_767
    expect(ports.filter((port) => port >= from && port <= to)).toEqual(leavesRoom ? [] : ports)
    expect(new Set(ports).size).toBeGreaterThan(15)
  })

  it.each([
    ['32768\t60999\n', { from: 32_768, to: 60_999 }],
    ['1024 65535', { from: 1_024, to: 65_535 }],
    ['', { from: 32_768, to: 60_999 }],
  ])('is told from the others by %j', (text, range) => {
    expect(ephemeralPorts(text)).toEqual(range)
  })
})

describe('the pid of a process', () => {
  it.each([
    ['Name:\tnode\nNSpid:\t4711\t7\nPid:\t4711\n', 7],
    ['NSpid:\t4711\n', 4_711],
    ['Name:\tnode\n', undefined],
  ])('by its own count is the innermost one', (status, own) => {
    expect(ownPid(status)).toBe(own)
  })

  it('is found by its own count and the moment of its start', () => {
    const { pid } = process
    const startTicks = parseStat(readFileSync('/proc/self/stat', 'latin1'))?.startTicks ?? 0
    expect(machinePid({ pid, startTicks })).toBe(pid)
    expect(machinePid({ pid, startTicks: startTicks + 1 })).toBeUndefined()
  })
})

describe('a command', () => {
  it('of several words is run as it is, a line by the shell', () => {
    expect(commandOf(['node', 'a b.js'])).toEqual({ text: 'node a b.js', file: 'node', args: ['a b.js'] })
    expect(commandOf(['node --port $PORT'])).toMatchObject({ args: ['-c', 'node --port $PORT'] })
    expect(commandOf(['./server'])).toEqual({ text: './server', file: './server', args: [] })
    expect(commandOf([])).toBeUndefined()
    expect(commandOf([' '])).toBeUndefined()
  })

  it('is looked for in the app and in PATH', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/.bin/tool'), '', { mode: 0o755 })
    writeFileSync(join(folder, 'plain'), '', { mode: 0o644 })
    const find = (file: string) => findCommand({ text: file, file, args: [] }, folder, '/usr/bin:/bin')
    expect([find('tool'), find('sh'), find('./plain'), find('nothing')]).toEqual([
      'found',
      'found',
      'not-executable',
      'missing',
    ])
  })

  it('may come from a Procfile', () => {
    const folder = temporaryFolder()
    expect(procfileCommand(folder)).toBeUndefined()
    writeFileSync(join(folder, 'Procfile'), 'worker: node w.js\nweb:  node main.js  \n')
    expect(procfileCommand(folder)?.text).toBe('node main.js')
    writeFileSync(join(folder, 'Procfile'), 'worker: node w.js\n')
    expect(procfileCommand(folder)).toBeUndefined()
  })
})

describe('rules', () => {
  it('follow the size', () => {
    expect(realRules(DYNO_SIZES['standard-2x'])).toMatchObject({ quotaBytes: 1_024 * 1_048_576, r15Ratio: 2 })
    expect(realRules(DYNO_SIZES['private-s'])).toMatchObject({ r15Ratio: 1, ceilingRatio: 1 })
  })

  it('are compressed where a calendar imposes the wait, and nowhere else', () => {
    const rules = realRules(DYNO_SIZES.basic)
    const fast = compressRules(rules, 1_000)
    expect(fast.cycleMs).toBe(86_400)
    expect(fast.coolOffMinutes.at(-1)).toBe(0.32)
    expect(fast.sleepAfterMs).toBe(1_800)
    const real = [
      'coolOffResetMs',
      'bootLimitMs',
      'terminationMs',
      'sampleMs',
      'requestTimeoutMs',
      'queueLimitMs',
    ] as const
    for (const name of real) expect(fast[name]).toBe(rules[name])
  })
})
