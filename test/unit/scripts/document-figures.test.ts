/** Measured figures in documents: written from result files, the same each time. */

import { describe, expect, it } from 'vitest'
import { withFigures } from '../../../scripts/document-figures.ts'

const mark = (path: string, shown: string): string => `<!-- figure a.json ${path} 1 -->${shown}`

describe('withFigures', () => {
  it.each([
    [1_234.5, '1235'],
    [9.96, '10'],
    [1.25, '1.3'],
    [0.1, '0.1'],
    [0.028_126, '0.028'],
    [0, '0'],
    [-0.34, '-0.3'],
    [-12.3, '-12'],
  ])('shows %s as %s, over whatever stood there', (value, shown) => {
    const result = (): unknown => ({ figures: [{ ours: value }] })
    for (const before of ['', '7.5', '-3']) {
      const text = `| x | ${mark('figures.0.ours', before || '0')} MB |`
      const written = withFigures(text, result)
      expect(written).toBe(`| x | ${mark('figures.0.ours', shown)} MB |`)
      expect(withFigures(written, result)).toBe(written)
    }
  })

  it('fails for a figure that is not there', () => {
    expect(() => withFigures(mark('figures.1', '0'), () => ({ figures: [] }))).toThrow('no number figures.1')
  })
})
