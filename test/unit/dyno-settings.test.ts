import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import { botHeapMb } from '../../src/dyno-settings.ts'

const LIMITS = { containerLimitBytes: undefined, totalMemoryBytes: 8 * 1_073_741_824 }
/** Of a dyno whose bot is connected and idle: code, buffers and the supervisor. docs/results/calibration.json */
const NOT_HEAP_MB = 90

function configOf(settings: Readonly<Record<string, string>>): Config {
  const parsed = parseConfig({ DATABASE_URL: 'postgres://bot@127.0.0.1/bot', ...settings })
  if (!parsed.ok) throw new Error('these settings are sound')
  return parsed.config
}

describe("the bot's heap", () => {
  it('may grow beyond the emergency, so that the memory manager acts before V8 gives up', () => {
    const config = configOf({ MEMORY_QUOTA_MB: '512' })
    const emergencyMb = (512 * config.memoryEmergencyPercent) / 100
    expect(botHeapMb(config, LIMITS) + NOT_HEAP_MB).toBeGreaterThan(emergencyMb)
  })

  it('stays below the quota itself', () => {
    expect(botHeapMb(configOf({ MEMORY_QUOTA_MB: '512' }), LIMITS) + NOT_HEAP_MB).toBeLessThan(512)
  })

  it('is what the setting says', () => {
    expect(botHeapMb(configOf({ BOT_HEAP_MB: '100' }), LIMITS)).toBe(100)
  })
})
