import pc from 'picocolors'
import { describe, expect, it } from 'vitest'
import { compareLevels } from '../../../../sim/conform/conformity.ts'
import { conformText } from '../../../../sim/report/conform-report.ts'
import type { Observation } from '../../../../sim/conform/observation.ts'
import { anObservation, withPeaks } from '../conform/observations.ts'

function textOf(real: Observation[], virtual: Observation[]): string {
  const conformities = [compareLevels(real, virtual, new Set())]
  return conformText({ conformities, uncompared: [], real }, pc.createColors(false))
}

describe('the report of a comparison', () => {
  it('says when real runs were made on a busy machine, and of how many', () => {
    const busy = anObservation({ loadPerCore: 30.2 })
    expect(textOf([busy, anObservation()], [anObservation()])).toContain(
      'note: 1 real run had up to 30 runnable processes a core',
    )
    expect(textOf([anObservation({ loadPerCore: 1.5 })], [anObservation()])).not.toContain('note:')
  })

  it('names the peaks that are out of their band', () => {
    expect(textOf(withPeaks('real', [300, 320, 340]), withPeaks('model', [500]))).toContain(
      "the ledger's peak of 500 MB is not between the real median of 320 MB and 391 MB, the worst and 15 %",
    )
  })
})
