/** Our bot as a target: the production composition with one command of the lab's own, and nothing changed. */

import { Bot } from '../../src/bot.ts'
import { BotChannel } from '../../src/supervisor/bot-channel.ts'
import { onceCommand } from './once-command.ts'
import { startSupervisor } from './supervisor.ts'
import type { Target, TargetContext } from './target.ts'

export const bot: Target = {
  name: 'bot',
  startSupervisor,
  adapter: 'sound',
  start: (context) => {
    const { ports, config, owner } = context
    let channel: BotChannel | undefined
    const started = new Bot(ports, {
      owner,
      config,
      handlers: [onceCommand(ports)],
      containerLimitBytes: undefined,
      totalMemoryBytes: Number.MAX_SAFE_INTEGER,
      onNews: () => channel?.news(),
    })
    if (context.parent !== undefined) channel = openChannel(started, context, context.parent)
    started.start()
    return { terminate: () => started.terminate() }
  },
}

function openChannel(
  started: Bot,
  { ports, config }: TargetContext,
  parent: NonNullable<TargetContext['parent']>,
): BotChannel {
  const channel = new BotChannel({
    clock: ports.clock,
    logger: ports.logger,
    parent,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    status: () => started.status(),
    pairingCode: () => undefined,
    terminate: () => started.terminate(),
    recycle: () => started.terminate('recycle'),
    answer: () => Promise.resolve({ status: 'refused', reason: 'there are no snapshots in the lab' }),
  })
  channel.start()
  return channel
}
