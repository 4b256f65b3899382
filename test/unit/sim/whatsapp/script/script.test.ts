import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadScript } from '../../../../../sim/whatsapp/script/script-file.ts'
import { scriptSchema } from '../../../../../sim/whatsapp/script/script.ts'

const contacts = [{ name: 'Ada' }, { name: 'Ben' }]
const steps = [{ contact: 'Ada', says: '.ping', expects: 'pong' }]

describe('a script', () => {
  it('is completed by harmless defaults', () => {
    expect(scriptSchema.parse({ contacts, steps })).toEqual({
      contacts,
      groups: [],
      steps: [{ atMs: 0, contact: 'Ada', says: '.ping', expects: 'pong', withinMs: 10_000 }],
    })
  })

  it.each([
    ['contacts', { contacts: 'Ada', steps }],
    ['contacts.1.name', { contacts: [{ name: 'Ada' }, { name: 'Ada' }], steps }],
    ['contacts.0.phone', { contacts: [{ name: 'Ada', phone: '+49 1' }], steps }],
    ['steps', { contacts, steps: [] }],
    ['steps.0.contact', { contacts, steps: [{ contact: 'Eve', says: 'hi' }] }],
    ['steps.0', { contacts, steps: [{ contact: 'Ada' }] }],
    ['steps.0.atMs', { contacts, steps: [{ contact: 'Ada', says: 'hi', atMs: '2s' }] }],
    ['steps.0.group', { contacts, steps: [{ contact: 'Ada', says: 'hi', group: 'none' }] }],
    ['steps.0', { contacts, steps: [{ contact: 'Ada', says: 'hi', say: 'hi' }] }],
    ['groups.0.members.0', { contacts, groups: [{ subject: 'all', members: ['Eve'] }], steps }],
    [
      'groups.1.subject',
      {
        contacts,
        groups: [
          { subject: 'all', members: ['Ada'] },
          { subject: 'all', members: ['Ben'] },
        ],
        steps,
      },
    ],
    [
      'steps.0.contact',
      {
        contacts,
        groups: [{ subject: 'all', members: ['Ada'] }],
        steps: [{ contact: 'Ben', group: 'all', says: 'hi' }],
      },
    ],
  ])('is refused with the path %s', (path, script) => {
    const parsed = scriptSchema.safeParse(script)
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
  })
})

describe('a script file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'script-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is JSON, or a module that exports `script`', async () => {
    const text = JSON.stringify({ contacts, steps })
    writeFileSync(join(folder, 'a.json'), text)
    writeFileSync(join(folder, 'a.mjs'), `export const script = ${text}`)
    expect(await loadScript(folder, 'a.json')).toEqual(await loadScript(folder, 'a.mjs'))
  })

  it.each([
    ['none.json', undefined, /cannot be loaded/],
    ['half.json', '{"contacts": [', /cannot be loaded/],
    [
      'wrong.json',
      '{"contacts": [{"name": "Ada"}], "steps": [{"contact": "Ada", "says": 5}]}',
      /steps\[0\].says: expected string/,
    ],
    ['empty.mjs', 'export const other = 1', /wrong fields/],
    ['broken.mjs', 'export const script = ', /cannot be loaded/],
  ])('%s is told apart, with the file and how to mend it', async (file, content, what) => {
    if (content !== undefined) writeFileSync(join(folder, file), content)
    await expect(loadScript(folder, file)).rejects.toMatchObject({
      message: expect.stringMatching(what) as string,
      where: file,
      exitCode: 2,
    })
  })
})
