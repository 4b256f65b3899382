/**
 * The supervisor with the real world behind its ports, and the health server before it. Owns the order: port,
 * then supervisor, so that Heroku sees a bound port whatever the bot does (R10).
 */

import { totalmem } from 'node:os'
import { SystemChildProcessSpawner } from './adapters/system-child-process.ts'
import { SystemClock } from './adapters/system-clock.ts'
import { SystemMemoryProbe } from './adapters/system-memory-probe.ts'
import { processTreePids } from './adapters/system-processes.ts'
import { SystemRandom } from './adapters/system-random.ts'
import { SystemSecureRandom } from './adapters/system-secure-random.ts'
import type { Config, ConfigProblem } from './config.ts'
import { botHeapMb, quotaBytesOf, supervisorSettings } from './dyno-settings.ts'
import type { MachineLimits } from './dyno-settings.ts'
import { errorMessageOf } from './errors.ts'
import { allowedHosts } from './health/allowed-hosts.ts'
import { createHealthServer } from './health/http-server.ts'
import type { HealthServer } from './health/http-server.ts'
import { dynoUsage } from './memory/dyno-memory.ts'
import type { DynoExit } from './ports/exit.ts'
import type { Logger } from './ports/logger.ts'
import { snapshotDoor } from './supervisor/snapshot-door.ts'
import { Supervisor } from './supervisor/supervisor.ts'

export interface DynoOptions {
  readonly config: Config
  readonly warnings: readonly ConfigProblem[]
  readonly logger: Logger
  readonly exit: DynoExit
  /** What runs in the bot process. */
  readonly botModule: URL
}

/** On Heroku the router reaches only this address family's wildcard; the extra port is for the dyno itself. */
const PUBLIC_HOST = '0.0.0.0'
const LOCAL_HOST = '127.0.0.1'

export interface Dyno {
  /** Resolves when the port is bound and the first bot process is on its way. */
  start(): Promise<void>
  /** SIGTERM; may come twice. */
  terminate(): void
}

export function createDyno(options: DynoOptions): Dyno {
  const { config, logger, exit } = options
  const clock = new SystemClock()
  const limits = machineLimits()
  const owner = new SystemSecureRandom().uuid()
  const probe = new SystemMemoryProbe({ pids: () => processTreePids(process.pid), usageOf: dynoUsage })
  const supervisor = new Supervisor({
    clock,
    logger,
    exit,
    random: new SystemRandom().stream('supervisor'),
    memoryProbe: probe,
    spawner: new SystemChildProcessSpawner({
      module: options.botModule,
      nodeFlags: botFlags(config, limits),
      // Of the bot alone: the supervisor itself does not carry it.
      mark: `SESSION_OWNER=${owner}`,
    }),
    settings: supervisorSettings(config, limits),
    botEnv: { SESSION_OWNER: owner },
  })
  const server = createHealthServer({
    clock,
    logger,
    source: {
      // It comes with the heartbeat, which may be late for as long as this.
      staleAfterMs: config.botStallMs,
      supervisor: () => supervisor.view(),
      bot: () => supervisor.bot(),
      memory: () => ({ sample: probe.sample(), quotaBytes: quotaBytesOf(config, limits) }),
    },
    snapshots: snapshotDoor({ clock, ask: (question) => supervisor.ask(question) }),
    settings: healthSettings(config),
  })
  return {
    start: async () => {
      if (!(await bindPorts(server, config, logger))) return exit.exit('port')
      for (const { setting, problem } of options.warnings)
        logger.warn('config.suspicious', { setting, problem })
      supervisor.start()
    },
    terminate: () => supervisor.terminate(),
  }
}

/**
 * A heap limit fit for the quota, V8's own would be made for the machine; and its collector, exposed by the
 * flag made for that.
 */
function botFlags(config: Config, limits: MachineLimits): string[] {
  return [`--max-old-space-size=${botHeapMb(config, limits)}`, '--expose-gc']
}

function machineLimits(): MachineLimits {
  return { containerLimitBytes: process.constrainedMemory(), totalMemoryBytes: totalmem() }
}

function healthSettings(config: Config) {
  const isOnDyno = config.dyno !== undefined
  return {
    adminToken: config.adminToken,
    allowedHosts: allowedHosts({ setting: config.allowedHosts, isOnDyno }),
    isOnDyno,
    isMemoryOptimizationEnabled: config.isMemoryOptimizationEnabled,
  }
}

/** The web port must be had; a second, local one is a convenience. Without PORT the health port is the one. */
async function bindPorts(server: HealthServer, config: Config, logger: Logger): Promise<boolean> {
  const { port, healthCheckPort } = config
  const mainPort = port ?? healthCheckPort
  try {
    await server.listen({ port: mainPort, host: port === undefined ? LOCAL_HOST : PUBLIC_HOST })
  } catch (error) {
    const setting = port === undefined ? 'HEALTH_CHECK_PORT' : 'PORT'
    const remedy = `set ${setting} to a free port`
    logger.error('http.port-not-bound', { port: mainPort, reason: errorMessageOf(error), remedy })
    return false
  }
  if (healthCheckPort === mainPort) return true
  try {
    await server.listen({ port: healthCheckPort, host: LOCAL_HOST })
  } catch (error) {
    logger.warn('http.health-port-taken', { port: healthCheckPort, reason: errorMessageOf(error) })
  }
  return true
}
