import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import { botHeapMb } from '../../src/dyno-settings.ts'

const LIMITS = { containerLimitBytes: undefined, totalMemoryBytes: 8 * 1_073_741_824 }
/** Of a dyno whose bot is connected and idle: code, buffers and the supervisor. docs/results/calibration.json */
const NOT_HEAP_MB = 119
/** V8's young generation at most, which the limit does not count. */
const YOUNG_HEAP_MB = 48

function configOf(settings: Readonly<Record<string, string>>): Config {
  const parsed = parseConfig({ DATABASE_URL: 'postgres://bot@127.0.0.1/bot', ...settings })
  if (!parsed.ok) throw new Error('these settings are sound')
  return parsed.config
}

describe("the bot's heap", () => {
  it.each(['512', '1024', '2560'])(
    'of a quota of %s MB reaches it before V8 gives up, and V8 gives up before the kill at twice the quota',
    (quotaMb) => {
      const heapMb = botHeapMb(configOf({ MEMORY_QUOTA_MB: quotaMb }), LIMITS)
      expect(heapMb + NOT_HEAP_MB).toBeGreaterThan(Number(quotaMb))
      expect(heapMb + NOT_HEAP_MB + YOUNG_HEAP_MB).toBeLessThan(2 * Number(quotaMb))
    },
  )

  it('is what the setting says', () => {
    expect(botHeapMb(configOf({ BOT_HEAP_MB: '100' }), LIMITS)).toBe(100)
  })
})
