import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LabProblem } from '../../../../sim/cli/lab-problem.ts'
import { targetOfCommand } from '../../../../sim/targets/real/target-of-command.ts'

const PATH = process.env['PATH'] ?? ''
const PLACES = {
  databaseUrl: 'postgres://lab@127.0.0.1:5/lab',
  whatsappUrl: 'ws://127.0.0.1:6/ws/chat',
  adminUrl: 'http://127.0.0.1:6/admin',
  account: '15550000001',
  sessionId: 's-1',
  stateFolder: '/state',
  nodeOptions: '',
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function problemOf(command: string, envFile?: string): LabProblem {
  try {
    targetOfCommand(command, { folder, path: PATH, envFile })
  } catch (error) {
    if (error instanceof LabProblem) return error
    throw error
  }
  throw new Error('it was taken')
}

function environment(lines: string): Record<string, string> {
  const envFile = join(folder, 'bot.env')
  writeFileSync(envFile, lines)
  return targetOfCommand('node my-bot.js', { folder, path: PATH, envFile }).environment(PLACES)
}

describe('a command as a target', () => {
  it('runs in a copy of its folder, is linked by the phone, and is judged by what is seen of it', () => {
    const target = targetOfCommand(' node my-bot.js ', { folder, path: PATH })
    expect(target).toMatchObject({
      command: ['node my-bot.js'],
      appFolder: folder,
      copy: 'linked',
      linking: 'qr',
      botProcess: undefined,
    })
    expect(Object.keys(target.notJudged)).toContain('memory-acted-on')
  })

  it('is given a database and the preload', () => {
    const { DATABASE_URL, NODE_OPTIONS, FAKE_WHATSAPP_PRELOAD } = environment('')
    expect(DATABASE_URL).toBe(PLACES.databaseUrl)
    expect(NODE_OPTIONS).toMatch(/^--import file:.*fake-whatsapp-preload\.mjs$/)
    expect(JSON.parse(FAKE_WHATSAPP_PRELOAD ?? '')).toMatchObject({
      url: PLACES.whatsappUrl,
      adminUrl: PLACES.adminUrl,
      account: PLACES.account,
      report: 'http://127.0.0.1:6/preload-report',
    })
  })

  it('has its own variables, which may refer to what is new in each run', () => {
    const own = environment('OWNER="$LAB_ACCOUNT"\nPG=${LAB_DATABASE_URL}?x=1\nPRICE=5$\nDATABASE_URL=none\n')
    expect(own).toMatchObject({
      OWNER: PLACES.account,
      PG: `${PLACES.databaseUrl}?x=1`,
      PRICE: '5$',
      DATABASE_URL: 'none',
    })
  })

  it('keeps its own options of Node before the preload', () => {
    expect(environment('NODE_OPTIONS=--max-old-space-size=64')['NODE_OPTIONS']).toMatch(
      /^--max-old-space-size=64 --import /,
    )
  })

  it('keeps those of its image, unless it names its own', () => {
    const options = { folder, path: PATH, image: 'my-bot:1' }
    const places = { ...PLACES, nodeOptions: '--max-old-space-size=77' }
    expect(targetOfCommand('node x', options).environment(places)['NODE_OPTIONS']).toMatch(
      /^--max-old-space-size=77 --import /,
    )
    const envFile = join(folder, 'bot.env')
    writeFileSync(envFile, 'NODE_OPTIONS=--no-warnings')
    const own = targetOfCommand('node x', { ...options, envFile }).environment(places)
    expect(own['NODE_OPTIONS']).toMatch(/^--no-warnings --import /)
  })

  it.each([
    ['node  my-bot.js --x=1', ['node', 'my-bot.js', '--x=1']],
    ['./start', ['./start']],
    ['exec node my-bot.js', ['exec node my-bot.js']],
    ['A=1 node my-bot.js', ['A=1 node my-bot.js']],
    ['node my-bot.js --port $PORT', ['node my-bot.js --port $PORT']],
  ])('in an image needs a shell only where its line does: %s', (line, words) => {
    const target = targetOfCommand(line, { folder: '/nowhere', path: PATH, image: 'my-bot:1' })
    expect(target).toMatchObject({ command: words, image: 'my-bot:1' })
  })

  it.each([
    ['', 'the command of the target is empty'],
    ['   ', 'the command of the target is empty'],
    ['no-such-program --x', 'there is no program no-such-program'],
    ['./not-there.sh', 'there is no program ./not-there.sh'],
  ])('says what is wrong with "%s"', (command, what) => {
    expect(problemOf(command)).toMatchObject({ message: what, exitCode: 2 })
  })

  it('tells a folder that is not there', () => {
    rmSync(folder, { recursive: true })
    expect(problemOf('node x').message).toBe('there is no such folder')
    mkdirSync(folder)
  })

  it('tells a file that cannot be run', () => {
    writeFileSync(join(folder, 'bot.sh'), '#!/bin/sh\n')
    expect(problemOf('./bot.sh').message).toBe('./bot.sh is not a program that can be run')
  })

  it.each([
    'FOO=1 node my-bot.js',
    'cd bot && node my-bot.js',
    'exec node my-bot.js',
    '$(which node) my-bot.js',
  ])('leaves to the shell what only a shell understands: %s', (command) => {
    expect(targetOfCommand(command, { folder, path: PATH }).command).toEqual([command])
  })

  it('says what is wrong with a file of variables', () => {
    expect(problemOf('node x', join(folder, 'none.env'))).toMatchObject({
      message: 'the file of variables cannot be read',
      where: `--target-env ${folder}/none.env`,
    })
    const file = join(folder, 'bad.env')
    writeFileSync(file, 'A=1\0')
    expect(problemOf('node x', file).message).toBe('the file of variables is no text')
    writeFileSync(file, 'A=$LAB_MONGO_URL')
    expect(problemOf('node x', file).message).toBe('A refers to LAB_MONGO_URL, which the lab does not give')
  })
})
