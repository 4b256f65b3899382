import { describe, expect, it } from 'vitest'
import { ContainerProcesses, groupFolder } from '../../../../../sim/dyno/real/housing/container-processes.ts'

const ID = 'abc123'

describe('the control group of a container', () => {
  it.each([
    ['version 1', `5:devices:/docker/${ID}\n4:memory:/docker/${ID}\n`, `/sys/fs/cgroup/memory/docker/${ID}`],
    ['version 1, joined controllers', `3:memory,cpu:/docker/${ID}`, `/sys/fs/cgroup/memory/docker/${ID}`],
    [
      'version 2 under systemd',
      `0::/system.slice/docker-${ID}.scope\n`,
      `/sys/fs/cgroup/system.slice/docker-${ID}.scope`,
    ],
    ['another one', '4:memory:/user.slice\n0::/user.slice\n', undefined],
    ['none', '', undefined],
  ])('is found by %s', (_, groups, folder) => {
    expect(groupFolder(groups, ID)).toBe(folder)
  })
})

it('a process that is in no such group is on another machine', () => {
  expect(() => new ContainerProcesses(ID, process.pid)).toThrow('on another machine')
})

it('a container that has ended has no processes', () => {
  const ended = new ContainerProcesses(ID, 0)
  expect(ended.living()).toEqual([])
  expect(ended.isRunning).toBe(false)
})
