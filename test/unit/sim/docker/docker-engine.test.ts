import { expect, it } from 'vitest'
import { isForbidden } from '../../../../sim/docker/docker-engine.ts'

it.each([
  ['EACCES', true],
  ['EPERM', true],
  ['ENOENT', false],
  ['ECONNREFUSED', false],
])('%s at the engine’s socket: a matter of rights is %s', (code, isMatterOfRights) => {
  expect(isForbidden(Object.assign(new Error(code), { code }))).toBe(isMatterOfRights)
})
