import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { folderArchive } from '../../../../sim/docker/folder-archive.ts'

/** As tar itself reads it: mode, owner, name. */
function listed(folders: readonly string[]): string[] {
  const input = folderArchive(folders, { uid: 7_654, gid: 65_534 })
  const text = execFileSync('tar', ['--list', '--verbose', '--numeric-owner'], { input, encoding: 'utf8' })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/))
    .map(([mode, owner, , , , name]) => `${mode} ${owner} ${name}`)
}

it('is an archive of folders that are somebody’s own', () => {
  expect(listed(['/usr/src/bot', '/data/'])).toEqual([
    'drwxr-xr-x 7654/65534 usr/src/bot/',
    'drwxr-xr-x 7654/65534 data/',
  ])
})

it('leaves out the root, and names that are too long for it', () => {
  expect(listed(['/', '', `/${'x'.repeat(100)}`, `/${'x'.repeat(99)}`])).toEqual([
    `drwxr-xr-x 7654/65534 ${'x'.repeat(99)}/`,
  ])
})
