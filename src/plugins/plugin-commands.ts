/** The commands of the plugins that can be used; those that cannot are left out, and the log says why. */

import type { Logger } from '../ports/logger.ts'
import type { FoundPlugin } from '../ports/plugin-folder.ts'
import { createRegistry } from './builtin/essential-commands.ts'
import type { CommandHandler } from './plugin.ts'
import type { PluginHost } from './plugin-host.ts'
import { readPlugin } from './plugin-manifest.ts'
import type { Plugin } from './plugin-manifest.ts'

export function pluginCommands(
  deps: { readonly logger: Logger; readonly host: Pick<PluginHost, 'run'> },
  found: readonly FoundPlugin[],
): CommandHandler[] {
  const { logger, host } = deps
  const taken = new Set(createRegistry().handlers.map(({ name }) => name))
  return found.flatMap((each) => {
    const reading = readPlugin(each)
    const problem = reading.ok
      ? taken.has(each.name) && 'its name is that of a built-in command'
      : reading.problem
    if (reading.ok && problem === false) return [commandOf(reading.plugin, host)]
    logger.warn('plugins.unusable', { plugin: each.name, problem: String(problem) })
    return []
  })
}

function commandOf(plugin: Plugin, host: Pick<PluginHost, 'run'>): CommandHandler {
  return {
    name: plugin.name,
    summary: plugin.summary,
    effect: plugin.effect,
    // It may need a process of its own, which is more than there is room for while memory is short.
    isHeavy: true,
    run: (request) => host.run(plugin, request),
  }
}
