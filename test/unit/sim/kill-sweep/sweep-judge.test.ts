import { describe, expect, it } from 'vitest'
import type { SweepBench } from '../../../../sim/kill-sweep/sweep-bench.ts'
import { SweepJudge } from '../../../../sim/kill-sweep/sweep-judge.ts'
import type { SweepPeople } from '../../../../sim/kill-sweep/sweep-people.ts'

const TRUTH = { unhealedFailures: 0, troubles: [], failures: [], keyReuses: [] }

/** As much of the stage as the judge looks at, after a point at which all was answered. */
function judgeOf({ open, bots }: { readonly open: number; readonly bots: number }): SweepJudge {
  const bench = {
    stage: {
      whatsapp: { idle: () => Promise.resolve(), truth: () => TRUTH },
      audit: { take: () => Promise.resolve([]) },
      sim: { state: 'up' },
    },
    clients: { nameOf: () => undefined, prune: () => undefined },
    logins: { open, take: () => ({ mostAtOnce: 1, qrCodes: 0 }) },
    processes: { living: Array.from({ length: bots }) },
    until: () => Promise.resolve(true),
    assertSound: () => undefined,
  }
  const people = { owed: [], takeRepeated: () => [] }
  return new SweepJudge(bench as unknown as SweepBench, people as unknown as SweepPeople)
}

describe('a kill point after which not all is up again', () => {
  it('is broken, also when everybody was answered and one is logged in', async () => {
    expect(await judgeOf({ open: 1, bots: 2 }).judge(false)).toEqual([
      { claim: 'comes-back', message: 'the dyno is up, 2 bots live and 1 are logged in' },
    ])
    expect(await judgeOf({ open: 1, bots: 1 }).judge(true)).toEqual([])
  })

  it('says once what is wrong', async () => {
    const violations = await judgeOf({ open: 0, bots: 1 }).judge(false)
    expect(violations).toEqual([{ claim: 'login-without-qr', message: 'nobody is logged in' }])
  })
})
