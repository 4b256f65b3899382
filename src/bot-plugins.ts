/** The plugins' part of the composition: their commands, and the host that they run in. */

import { PLUGIN_HOST_SETTINGS } from './bot-settings.ts'
import { pluginCommands } from './plugins/plugin-commands.ts'
import type { CommandHandler } from './plugins/plugin.ts'
import { PluginHost } from './plugins/plugin-host.ts'
import type { ChildProcessSpawner } from './ports/child-process.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'
import type { FoundPlugin } from './ports/plugin-folder.ts'
import type { Reclaimer } from './ports/reclaimer.ts'

export interface PluginPorts {
  /** Starts a plugin host. */
  readonly spawner: ChildProcessSpawner
  readFolder(): readonly FoundPlugin[]
}

export interface BotPlugins {
  readonly handlers: readonly CommandHandler[]
  readonly reclaimers: readonly Reclaimer[]
  /** Ends the host at once: memory is in an emergency. */
  unload(): void
  stop(): Promise<void>
}

const NONE: BotPlugins = {
  handlers: [],
  reclaimers: [],
  unload: () => undefined,
  stop: () => Promise.resolve(),
}

export function createBotPlugins(deps: {
  readonly clock: Clock
  readonly logger: Logger
  readonly plugins: PluginPorts | undefined
}): BotPlugins {
  const { clock, logger, plugins } = deps
  if (plugins === undefined) return NONE
  const host = new PluginHost({ clock, logger, spawner: plugins.spawner, settings: PLUGIN_HOST_SETTINGS })
  const handlers = pluginCommands({ logger, host }, plugins.readFolder())
  return {
    handlers,
    reclaimers: [host.reclaimer],
    unload: () => void host.end(),
    stop: () => host.stop(),
  }
}
