/**
 * How a sound bot is made wrong in one place: a port replaced by one that misbehaves, a setting of its own,
 * another adapter, or another answer to SIGTERM. The checkers go by what was declared, never by these.
 */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type { Config } from '../../../src/config.ts'
import type {
  ConnectOptions,
  SocketEvent,
  WhatsappConnector,
  WhatsappSocket,
} from '../../../src/ports/whatsapp-socket.ts'
import { bot } from '../bot.ts'
import type { RunningTarget, Target, TargetContext } from '../target.ts'

export interface Defect {
  ports?(ports: BotPorts, context: TargetContext): Partial<BotPorts>
  config?(config: Config): Partial<Config>
  /** The process does nothing for so long after its start. */
  readonly startAfterMs?: number
  terminate?(sound: RunningTarget, context: TargetContext): void
  readonly adapter?: Target['adapter']
}

/** The sound bot with one defect. */
export function botWith(name: string, defect: Defect): Target {
  return {
    ...bot,
    name,
    adapter: defect.adapter ?? bot.adapter,
    start: (context) => {
      const ports = { ...context.ports, ...defect.ports?.(context.ports, context) }
      const config = { ...context.config, ...defect.config?.(context.config) }
      const start = (): RunningTarget =>
        bot.start({ ...context, ports, config, bindPort: () => context.bindPort() })
      const sound =
        defect.startAfterMs === undefined ? start() : startLate(context, defect.startAfterMs, start)
      return {
        terminate: () =>
          defect.terminate === undefined ? sound.terminate() : defect.terminate(sound, context),
      }
    },
  }
}

function startLate(context: TargetContext, delayMs: number, start: () => RunningTarget): RunningTarget {
  let started: RunningTarget | undefined
  context.bindPort()
  context.ports.clock.setTimer('start-late', delayMs, () => {
    started = start()
  })
  return {
    terminate: () => (started === undefined ? context.ports.exit.exit('stopped') : started.terminate()),
  }
}

/** The connector with its `connect` replaced. */
export function withConnect(
  connector: WhatsappConnector,
  connect: WhatsappConnector['connect'],
): WhatsappConnector {
  return {
    freshCreds: () => connector.freshCreds(),
    isPaired: (creds) => connector.isPaired(creds),
    connect,
  }
}

/** The bot hears other events than the ones there were; undefined keeps one from it. */
export function withEvents(
  connector: WhatsappConnector,
  changed: (event: SocketEvent, options: ConnectOptions) => SocketEvent | undefined,
): WhatsappConnector {
  return withConnect(connector, (options) =>
    connector.connect({
      ...options,
      accept: (message) => options.accept(message),
      onEvent: (event) => {
        const heard = changed(event, options)
        if (heard !== undefined) options.onEvent(heard)
      },
    }),
  )
}

/** What becomes of each message instead of going to the bot. */
export function withAccept(
  connector: WhatsappConnector,
  accept: (
    message: Parameters<ConnectOptions['accept']>[0],
    sound: ConnectOptions['accept'],
  ) => Promise<void>,
): WhatsappConnector {
  return withConnect(connector, (options) =>
    connector.connect({
      ...options,
      onEvent: (event) => options.onEvent(event),
      accept: (message) => accept(message, (same) => options.accept(same)),
    }),
  )
}

/** What becomes of each message that the bot sends. */
export function withSend(
  connector: WhatsappConnector,
  send: (message: Parameters<WhatsappSocket['send']>[0], socket: WhatsappSocket) => Promise<void>,
): WhatsappConnector {
  return withConnect(connector, (options) => {
    const socket = connector.connect(options)
    return {
      send: (message) => send(message, socket),
      ping: () => socket.ping(),
      probe: () => socket.probe(),
      end: () => socket.end(),
    }
  })
}
