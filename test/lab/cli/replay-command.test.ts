import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lab, readJson, scenarioNamed, temporaryFolder } from './support/stand-in-lab.ts'

const FILE = '.lab/disconnect-storm-broken-1.run.lab.json'
const OTHER_CODE = { node: '24.0.0', package: '0.0.1', platform: 'linux-x64', codeDigest: 'a'.repeat(64) }

/** A folder with the run file of one broken run. */
async function folderWithFailure(): Promise<string> {
  const directory = temporaryFolder()
  await lab('run disconnect-storm/broken', { directory })
  return directory
}

function change(directory: string, fields: Record<string, unknown>): void {
  const path = join(directory, FILE)
  writeFileSync(path, JSON.stringify({ ...readJson(path), ...fields }))
}

describe('replay', () => {
  it('reproduces a broken run under the same code: exit code 1, same hash', async () => {
    const directory = await folderWithFailure()
    const { exitCode, out } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(1)
    expect(out).toContain('broken, reproduced')
    expect(out).toMatch(/same code, same trace hash [0-9a-f]{8}/)
  })

  it('under the same code with another hash exits 4 and shows where the traces part', async () => {
    const directory = await folderWithFailure()
    change(directory, {
      traceHash: 'f'.repeat(64),
      lines: ['0 dyno boot {}', '1 whatsapp shut {}', '2 bot reply {"n":1}'],
    })
    const { exitCode, out } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(4)
    expect(out).toContain('same code, but another trace hash: recorded ffffffff')
    expect(out).toContain('first divergent trace line: 2')
  })

  it('under other code judges, and says that the hash cannot be compared', async () => {
    const directory = await folderWithFailure()
    change(directory, { versions: OTHER_CODE, traceHash: 'f'.repeat(64) })
    const { exitCode, out } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(1)
    expect(out).toContain('the hash cannot be compared: recorded under other code (aaaaaaaa')
  })

  it('exits 0 when the claim holds by now', async () => {
    const directory = await folderWithFailure()
    change(directory, { versions: OTHER_CODE, scenario: scenarioNamed('sound') })
    const { exitCode, out } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(0)
    expect(out).toContain('it was recorded as broken')
  })

  it('refuses another format version', async () => {
    const directory = await folderWithFailure()
    change(directory, { format: 2 })
    const { exitCode, out, err } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('this run file has format 2, and this lab reads format 1 only')
  })

  it('says that a file is truncated', async () => {
    const directory = await folderWithFailure()
    const path = join(directory, FILE)
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 400))
    const { exitCode, err } = await lab(`replay ${FILE}`, { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain('the run file is truncated: it ends after 400 characters')
  })

  it.each([
    ['is not there', undefined, 'cannot be read'],
    ['is not JSON', '{ seven }', 'is not JSON'],
    ['is JSON of another kind', '[1, 2]', 'not a run file'],
    ['has wrong fields', '{ "format": 1, "seed": "x" }', 'seed: expected number, received string'],
  ])('refuses a file that %s', async (_title, text, message) => {
    const directory = temporaryFolder()
    if (text !== undefined) writeFileSync(join(directory, 'x.json'), text)
    const { exitCode, err } = await lab('replay x.json', { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(err).toMatch(/\n {2}where: .*x\.json\n {2}mend: /)
  })
})
