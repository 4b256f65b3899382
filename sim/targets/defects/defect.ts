/**
 * How a sound bot is made wrong in one place: a port replaced by one that misbehaves, a setting of its own,
 * another adapter, or another answer to SIGTERM. The checkers go by what was declared, never by these.
 */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type { Config } from '../../../src/config.ts'
import type { ParentProcess } from '../../../src/ports/child-process.ts'
import type {
  ConnectOptions,
  SocketEvent,
  WhatsappConnector,
  WhatsappSocket,
} from '../../../src/ports/whatsapp-socket.ts'
import { readToBot } from '../../../src/supervisor/process-messages.ts'
import { bot } from '../bot.ts'
import { startSupervisor } from '../supervisor.ts'
import type { RunningTarget, SupervisorPorts, Target, TargetContext } from '../target.ts'

export interface Defect {
  ports?(ports: BotPorts, context: TargetContext): Partial<BotPorts>
  /** Of the whole dyno, supervisor and bot. */
  config?(config: Config): Partial<Config>
  /** What the supervisor gets instead of its own ports. */
  supervisor?(ports: SupervisorPorts): Partial<SupervisorPorts>
  /** The process does nothing for so long after its start. */
  readonly startAfterMs?: number
  terminate?(sound: RunningTarget, context: TargetContext): void
  readonly adapter?: Target['adapter']
}

/** The sound bot with one defect. */
export function botWith(name: string, defect: Defect): Target {
  const settings = (config: Config): Config => ({ ...config, ...defect.config?.(config) })
  return {
    ...bot,
    name,
    adapter: defect.adapter ?? bot.adapter,
    startSupervisor: (context) => {
      const ports = { ...context.ports, ...defect.supervisor?.(context.ports) }
      return startSupervisor({ ...context, ports, config: settings(context.config) })
    },
    start: (context) => {
      const ports = { ...context.ports, ...defect.ports?.(context.ports, context) }
      const config = settings(context.config)
      const parent = deferring(context.parent, () => running.terminate())
      const start = (): RunningTarget =>
        bot.start({ ...context, ports, config, parent, bindPort: () => context.bindPort() })
      const sound =
        defect.startAfterMs === undefined ? start() : startLate(context, defect.startAfterMs, start)
      const running: RunningTarget = {
        terminate: () =>
          defect.terminate === undefined ? sound.terminate() : defect.terminate(sound, context),
      }
      return running
    },
  }
}

/** The supervisor's order to stop is answered as SIGTERM is. */
function deferring(parent: ParentProcess | undefined, terminate: () => void): ParentProcess | undefined {
  if (parent === undefined) return undefined
  return {
    send: (message) => parent.send(message),
    onClosed: (listener) => parent.onClosed(listener),
    onMessage: (listener) => {
      parent.onMessage((message) => {
        if (readToBot(message)?.type === 'terminate') terminate()
        else listener(message)
      })
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
