/**
 * Bots broken on purpose, one for each claim: the sound bot behind one wrapped port or with one wrong
 * setting. They are the proof that the checkers bite, and nothing else.
 */

import type { BotPorts } from '../../src/bot-ports.ts'
import type { Config } from '../../src/config.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import type { ConnectOptions, WhatsappConnector } from '../../src/ports/whatsapp-socket.ts'
import { bot } from './bot.ts'
import type { Target, TargetContext } from './target.ts'

export interface BrokenBot {
  /** The claim it must break, as violations name it. */
  readonly breaks: string
  /** A scenario in which the sound bot holds and this one must not. */
  readonly scenario: string
  readonly target: Target
}

interface Defect {
  ports?(ports: BotPorts, context: TargetContext): Partial<BotPorts>
  config?(config: Config): Partial<Config>
  readonly adapter?: Target['adapter']
}

export const brokenBots: readonly BrokenBot[] = [
  broken('opens-a-second-socket', 'single-socket', 'dyno-restart/daily-cycle', {
    ports: (ports) => ({ connector: connectingTwice(ports.connector) }),
  }),
  broken('hardly-waits', 'backoff-law', 'disconnect-storm/refused-503-storm', {
    config: () => ({ reconnectBackoffBaseMs: 50, reconnectBackoffCapMs: 400, reconnectMaxRetries: 1_000 }),
  }),
  broken('knows-no-budget', 'attempts-in-budget', 'disconnect-storm/refused-503-storm', {
    config: () => ({
      reconnectBackoffBaseMs: 50,
      reconnectBackoffCapMs: 5_000,
      reconnectMaxAttemptsPerWindow: 10_000,
      reconnectMaxRetries: 1_000,
    }),
  }),
  broken('retries-when-logged-out', 'terminal-is-final', 'disconnect-storm/logged-out-401', {
    ports: (ports) => ({ connector: hidingTerminalCodes(ports.connector) }),
  }),
  broken('never-says-halted', 'eventually halted', 'disconnect-storm/logged-out-401', {
    ports: (ports) => ({ connector: hidingTerminalCodes(ports.connector) }),
  }),
  broken('loses-commits', 'session-integrity', 'dyno-restart/daily-cycle', {
    ports: (ports) => ({ sessionStore: losingCommits(ports.sessionStore) }),
  }),
  broken('takes-an-error-for-no-session', 'session-integrity', 'postgres/connections-exhausted', {
    ports: (ports) => ({
      sessionStore: { ...ports.sessionStore, readCreds: () => Promise.resolve(undefined) },
    }),
  }),
  broken('forgets-what-it-answered', 'answered-at-most-once', 'multi-day/seven-days', {
    ports: (ports) => ({ messageJournal: forgettingJournal(ports) }),
  }),
  broken('measures-the-heap-ratio', 'memory-acted-on', '512mb-quota/slow-leak', {
    ports: (ports) => ({
      memoryProbe: { ...ports.memoryProbe, sample: () => ({ ...ports.memoryProbe.sample(), usedBytes: 1 }) },
    }),
  }),
  broken('manages-no-memory', 'no-r15', '512mb-quota/burst-between-samples', {
    config: () => ({ isMemoryOptimizationEnabled: false }),
  }),
  broken('leaks-a-timer-a-message', 'no-leaks', 'dyno-restart/daily-cycle', {
    ports: (ports) => ({ connector: leakingTimers(ports) }),
  }),
  broken('talks-at-night', 'undisturbed', 'disconnect-storm/quiet-night', {
    ports: (ports) => ({ connector: talking(ports) }),
  }),
  broken('gives-up', 'eventually connected', 'disconnect-storm/refused-503-storm', {
    ports: (ports) => ({ connector: givingUp(ports.connector) }),
  }),
  broken('ignores-what-waited', 'eventually all-answered', 'disconnect-storm/six-hour-outage', {
    ports: (ports) => ({ connector: onAccept(ports.connector, ({ kind }) => kind === 'notify') }),
  }),
]

function broken(name: string, breaks: string, scenario: string, defect: Defect): BrokenBot {
  const start: Target['start'] = (context) => {
    const ports = { ...context.ports, ...defect.ports?.(context.ports, context) }
    const config = { ...context.config, ...defect.config?.(context.config) }
    return bot.start({ ...context, ports, config, bindPort: () => context.bindPort() })
  }
  return { breaks, scenario, target: { ...bot, name, adapter: defect.adapter ?? bot.adapter, start } }
}

/** The connector with its `connect` replaced. */
function withConnect(connector: WhatsappConnector, connect: WhatsappConnector['connect']): WhatsappConnector {
  return {
    freshCreds: () => connector.freshCreds(),
    isPaired: (creds) => connector.isPaired(creds),
    connect,
  }
}

function connectingTwice(connector: WhatsappConnector): WhatsappConnector {
  return withConnect(connector, (options) => {
    connector.connect({ ...options, onEvent: () => undefined, accept: () => Promise.resolve() })
    return connector.connect(options)
  })
}

function hidingTerminalCodes(connector: WhatsappConnector): WhatsappConnector {
  return withConnect(connector, (options) =>
    connector.connect({
      ...options,
      accept: (message) => options.accept(message),
      onEvent: (event) =>
        options.onEvent(
          event.type === 'close'
            ? { type: 'close', report: { statusCode: 428, message: 'Connection Terminated' } }
            : event,
        ),
    }),
  )
}

/** Says "written" to every tenth commit of keys and keeps nothing. */
function losingCommits(store: SessionStore): SessionStore {
  let commits = 0
  return {
    ...store,
    commit: (commit) => {
      commits += 1
      return commits % 10 === 0 ? Promise.resolve('written') : store.commit(commit)
    },
  }
}

/** Every command is new, and no answer is remembered. */
function forgettingJournal({ messageJournal }: BotPorts): BotPorts['messageJournal'] {
  return {
    ...messageJournal,
    recordInbound: () => Promise.resolve({ status: 'recorded', state: 'received' }),
    recordHandled: () => Promise.resolve('written'),
  }
}

function leakingTimers({ connector, clock }: BotPorts): WhatsappConnector {
  return onAccept(connector, () => {
    clock.setTimer('leaked', 30 * 24 * 3_600_000, () => undefined)
    return true
  })
}

function talking({ connector, clock }: BotPorts): WhatsappConnector {
  return withConnect(connector, (options) => {
    const socket = connector.connect(options)
    const chat = '491500000000@s.whatsapp.net'
    for (let index = 0; index < 1_000; index += 1) {
      clock.setTimer('talk', index * 30_000, () => {
        socket.send({ id: `NIGHT${index}`, chat, text: 'still there?' }).catch(() => undefined)
      })
    }
    return socket
  })
}

/** After five attempts `connect` does nothing any more. */
function givingUp(connector: WhatsappConnector): WhatsappConnector {
  let attempts = 0
  return withConnect(connector, (options) => {
    attempts += 1
    return connector.connect(attempts > 5 ? { ...options, onEvent: () => undefined } : options)
  })
}

/** Only messages that `isWanted` reach the bot; the others are acknowledged unseen. */
function onAccept(
  connector: WhatsappConnector,
  isWanted: (message: Parameters<ConnectOptions['accept']>[0]) => boolean,
): WhatsappConnector {
  return withConnect(connector, (options) =>
    connector.connect({
      ...options,
      onEvent: (event) => options.onEvent(event),
      accept: (message) => (isWanted(message) ? options.accept(message) : Promise.resolve()),
    }),
  )
}
