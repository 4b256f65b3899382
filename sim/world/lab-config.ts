/** The bot's settings in the lab: declared once, so that every bot is measured alike, and a scenario's on top. */

import { parseConfig } from '../../src/config.ts'
import type { Config } from '../../src/config.ts'
import { connectionSettings, phoneSettings } from '../../src/bot-settings.ts'
import type { CheckerContext } from '../checkers/checker.ts'
import { HEROKU_RULES } from '../dyno/heroku-rules.ts'
import type { Scenario } from '../scenario.ts'

/** Declared, so that every bot is measured alike; a scenario may set others. */
const LAB_SETTINGS = {
  DATABASE_URL: 'postgres://lab@127.0.0.1/lab',
  MEMORY_QUOTA_MB: '512',
  MEMORY_SAMPLE_INTERVAL_MS: '20000',
  CONNECTION_CHECK_INTERVAL: '60000',
  HEARTBEAT_INTERVAL_MS: '5000',
}
/** @throws Error when a scenario's settings contradict each other */
export function labConfig(scenario: Scenario): Config {
  const parsed = parseConfig({ ...LAB_SETTINGS, ...scenario.settings })
  if (parsed.ok) return parsed.config
  const problems = parsed.problems.map(({ setting, problem }) => `${setting} ${problem}`)
  throw new Error(`settings of ${scenario.id}: ${problems.join('; ')}`)
}

/** The bounds that a scenario's settings declare, for the checkers. */
export function checkerContext(config: Config, scenario: Scenario): CheckerContext {
  return {
    quotaBytes: HEROKU_RULES.quotaBytes,
    cleanupPercent: config.memoryCleanupPercent,
    emergencyPercent: config.memoryEmergencyPercent,
    attemptWindowMs: config.reconnectWindowMs,
    maxAttemptsPerWindow: config.reconnectMaxAttemptsPerWindow,
    backoffBaseMs: config.reconnectBackoffBaseMs,
    backoffCapMs: config.reconnectBackoffCapMs,
    conflictBaseMs: connectionSettings(config).conflictBackoff.baseMs,
    stableUptimeMs: config.reconnectStableUptimeMs,
    maxRetries: config.reconnectMaxRetries,
    probeIntervalMs: config.reconnectProbeIntervalMs,
    botStallMs: config.botStallMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    restartBaseMs: config.botRestartBackoffBaseMs,
    restartCapMs: config.botRestartBackoffCapMs,
    restartWindowMs: config.botRestartWindowMs,
    maxStartsPerWindow: config.botStartsPerWindow,
    phoneUnseenMs: phoneSettings(config).warnAfterMs,
    maxSkewMs: scenario.clocks.maxSkewMs,
  }
}
