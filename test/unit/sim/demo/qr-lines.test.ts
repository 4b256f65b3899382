/** A QR code is a picture for whoever sees it, and a remark for a file. */

import { describe, expect, it } from 'vitest'
import { qrLines } from '../../../../sim/demo/qr-lines.ts'

describe('a QR code in the output', () => {
  it('is a picture on a terminal', async () => {
    expect(await qrLines('2@abc,def', true)).toMatch(/█[\s\S]*\n[\s\S]*█/)
  })

  it('is one plain line elsewhere, which does not give the code away', async () => {
    const text = await qrLines('2@abc,def', false)
    expect(text).toContain('9 characters')
    for (const unwanted of ['\u001B', '█', '\n', 'abc']) expect(text).not.toContain(unwanted)
  })
})
