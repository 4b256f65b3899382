/** Bad input and a bad machine, from the real command line: one clear message, its exit code, nothing left. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { RUN_FILE_FORMAT } from '../../../sim/cli/run-file.ts'
import { testDatabase } from '../../support/database.ts'
import { labProcess } from './support/lab-process.ts'
import type { Ended } from './support/lab-process.ts'
import { temporaryFolder } from './support/stand-in-lab.ts'

const ON_POSTGRES = 'run dyno-restart/daily-cycle --level virtual --postgres'
/** What is wrong in one line or with one line a field; where; how to mend it. */
const ONE_MESSAGE = /^error: [^\n]+\n(?: {4}[^\n]+\n)* {2}where: [^\n]+\n {2}mend: [^\n]+\n$/

function expectOneMessage(ended: Ended, exitCode: number, files: readonly string[] = []): void {
  expect(ended.err).toMatch(ONE_MESSAGE)
  expect(ended).toMatchObject({ exitCode, out: '', isLeftRunning: false, files })
}

/** A folder with one file. */
function folderWith(name: string, text: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, name), text)
  return folder
}

describe('a machine that cannot serve Postgres', () => {
  it('exits 5 when the database does not answer, without saying the password', async () => {
    const DATABASE_URL = 'postgres://someone:hush-hush@127.0.0.1:9/none'
    const ended = await labProcess(`${ON_POSTGRES} url`, undefined, { DATABASE_URL })
    expectOneMessage(ended, 5)
    expect(ended.err).toContain('127.0.0.1:9 does not answer')
    expect(ended.err).not.toContain('hush-hush')
  })

  it('exits 5 when the database refuses the password, without saying it', async () => {
    const url = new URL(await testDatabase())
    url.password = 'hush-hush'
    const ended = await labProcess(`${ON_POSTGRES} url`, undefined, { DATABASE_URL: url.href })
    expectOneMessage(ended, 5)
    expect(ended.err).toMatch(/refuses user "\w+"/)
    expect(ended.err).not.toContain('hush-hush')
  })

  it('exits 2 when it is to be taken by URL and there is none', async () => {
    const ended = await labProcess(`${ON_POSTGRES} url`, undefined, { DATABASE_URL: undefined })
    expectOneMessage(ended, 2)
    expect(ended.err).toContain('--postgres url needs DATABASE_URL')
  })

  it('exits 5 when a container is asked for and no Docker engine answers', async () => {
    const DOCKER_HOST = 'unix:///nonexistent/docker.sock'
    const ended = await labProcess(`${ON_POSTGRES} container`, undefined, { DOCKER_HOST })
    expectOneMessage(ended, 5)
    expect(ended.err).toContain('no Docker engine answers')
    expect(ended.err).toContain('--postgres embedded')
  })
})

describe('a dyno that cannot be', () => {
  const REAL = 'run dyno-restart/deploy-overlap --level real --postgres embedded'

  it.each([
    ['--dyno pod', /'pod' is invalid/],
    ['--dyno process --target-image x:1', /an image runs in a container only/],
    ['--dyno container --target before', /before has no image[\s\S]*--target-image/],
  ])('%s exits 2', async (words, message) => {
    const ended = await labProcess(`${REAL} ${words}`)
    expectOneMessage(ended, 2)
    expect(ended.err).toMatch(message)
  })

  it('exits 5 when a container is asked for and no Docker engine answers', async () => {
    const DOCKER_HOST = 'unix:///nonexistent/docker.sock'
    const ended = await labProcess(`${REAL} --dyno container`, undefined, { DOCKER_HOST })
    expectOneMessage(ended, 5)
    expect(ended.err).toContain('no Docker engine answers')
    expect(ended.err).toContain('--dyno process')
  })
})

describe('a scenario file', () => {
  it('with wrong fields exits 2 and names each by its path and what was expected', async () => {
    const faults = [{ kind: 'disconnect', atMs: 'soon' }]
    const wrong = {
      version: 1,
      id: 'postgres/own',
      family: 'postgres',
      durationMs: 'long',
      colour: 'red',
      faults,
    }
    const ended = await labProcess('run own.json', folderWith('own.json', JSON.stringify(wrong)))
    expectOneMessage(ended, 2, ['own.json'])
    expect(ended.err).toContain('    durationMs: expected number, received string\n')
    expect(ended.err).toContain('    faults[0].atMs: expected number, received string\n')
    expect(ended.err).toContain('no such field: colour')
  })

  it('whose run ends before a deadline exits 2 and says how long it must be', async () => {
    const own = {
      version: 1,
      id: 'postgres/own',
      family: 'postgres',
      proves: 'nothing, on purpose',
      durationMs: 60_000,
      faults: [{ kind: 'disconnect', atMs: 50_000 }],
      claims: { always: ['single-socket'], eventually: [{ claim: 'connected', withinMs: 20_000 }] },
    }
    const ended = await labProcess('run own.json', folderWith('own.json', JSON.stringify(own)))
    expectOneMessage(ended, 2, ['own.json'])
    expect(ended.err).toContain(
      '    claims.eventually[0].withinMs: connected within 20000 ms of the last fault',
    )
    expect(ended.err).toContain('needs a durationMs of at least 70000\n')
  })
})

describe('a run file', () => {
  it('that is truncated exits 2', async () => {
    const ended = await labProcess('replay x.json', folderWith('x.json', '{"format":1,"scenario":{"id"'))
    expectOneMessage(ended, 2, ['x.json'])
    expect(ended.err).toContain('the run file is truncated: it ends after 28 characters')
  })

  it('of another format version exits 2', async () => {
    const format = RUN_FILE_FORMAT + 1
    const ended = await labProcess('replay x.json', folderWith('x.json', JSON.stringify({ format })))
    expectOneMessage(ended, 2, ['x.json'])
    expect(ended.err).toContain(`this run file has format ${format}, and this lab reads format`)
  })
})

describe('words that the lab does not know', () => {
  it.each([
    ['run flapping-441', 'did you mean "disconnect-storm/flapping-440"?'],
    ['run dyno-restart/daily-cycle --seed x', '"x" is not a whole number from 0 on'],
  ])('%s exits 2', async (words, message) => {
    const ended = await labProcess(words)
    expectOneMessage(ended, 2)
    expect(ended.err).toContain(message)
  })
})
