import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { compareLevels } from '../../../../sim/conform/conformity.ts'
import { conformText } from '../../../../sim/report/conform-report.ts'
import type { Observation } from '../../../../sim/conform/observation.ts'
import { withPeaks } from '../conform/observations.ts'

function textOf(real: Observation[], virtual: Observation[]): string {
  const conformities = [compareLevels(real, virtual, new Set())]
  return conformText({ conformities, uncompared: [], real }, pc.createColors(false))
}

describe('the report of a comparison', () => {
  it('names the peaks that are out of their band', () => {
    expect(textOf(withPeaks('real', [300, 320, 340]), withPeaks('model', [500]))).toContain(
      "the ledger's peak of 500 MB is not between the real median of 320 MB and 391 MB, the worst and 15 %",
    )
  })
})
