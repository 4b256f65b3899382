/**
 * The bot, composed of its parts over ports: production and lab build the very same one. Owns which part talks
 * to which, and the one way out of the process; the order of start and stop is bot-steps.ts's. Surprising:
 * a recycle is charged as a connection attempt, because the process that follows will make one.
 */

import {
  DEAF_RECONNECTS_BEFORE_RECYCLE,
  STORE_WAIT_MS,
  connectionSettings,
  leaseSettings,
} from './bot-settings.ts'
import { createHeapSnapshots, createMemoryManager } from './bot-memory.ts'
import { createBotMessages } from './bot-messages.ts'
import type { BotMessages } from './bot-messages.ts'
import { createPhoneWatch } from './bot-phone.ts'
import { createBotPlugins } from './bot-plugins.ts'
import type { BotPlugins } from './bot-plugins.ts'
import type { BotOptions, BotPorts } from './bot-ports.ts'
import type { BotStatus } from './bot-status.ts'
import { BotSession } from './bot-session.ts'
import { botSteps } from './bot-steps.ts'
import { BotWatch } from './bot-watch.ts'
import { ConnectionKeeper } from './connection/connection-keeper.ts'
import type { ConnectionStatus } from './connection/connection-keeper.ts'
import type { PhoneWatch } from './connection/phone-watch.ts'
import { errorCodeOf, errorMessageOf } from './errors.ts'
import type { HeapSnapshots } from './memory/heap-snapshot.ts'
import type { SnapshotOutcome } from './memory/heap-snapshot.ts'
import type { MemoryManager, RecycleAnswer } from './memory/memory-manager.ts'
import type { MemoryLevel } from './memory/memory-policy.ts'
import type { ExitReason } from './ports/exit.ts'
import { LeaseKeeper } from './session/lease.ts'
import type { LeaseStanding } from './session/lease.ts'
import { retryingMessageJournal, retryingSessionStore } from './session/store-retry.ts'
import { StartupRunner } from './startup/startup-steps.ts'

export class Bot {
  readonly #watch: BotWatch
  readonly #ports: BotPorts
  readonly #options: BotOptions
  readonly #session: BotSession
  readonly #lease: LeaseKeeper
  readonly #connection: ConnectionKeeper
  readonly #phone: PhoneWatch
  readonly #memory: MemoryManager
  readonly #heapSnapshots: HeapSnapshots
  readonly #plugins: BotPlugins
  readonly #messages: BotMessages
  readonly #steps: StartupRunner
  readonly #storeWait = new AbortController()
  #ending: ExitReason | undefined

  constructor(given: BotPorts, options: BotOptions) {
    const { config } = options
    this.#watch = new BotWatch(given, config)
    const { ports } = this.#watch
    const { clock, logger, random, connector } = ports
    this.#ports = ports
    this.#options = options
    const storeRetry = {
      clock,
      logger,
      random: random.stream('store-retry'),
      maxWaitMs: STORE_WAIT_MS,
      signal: this.#storeWait.signal,
    }
    const store = retryingSessionStore({ ...storeRetry, store: ports.sessionStore })
    this.#session = new BotSession({
      store,
      clock,
      logger,
      connector,
      readImport: () => ports.readSessionImport?.(),
    })
    this.#lease = new LeaseKeeper({
      store: ports.sessionStore,
      clock,
      logger,
      random: random.stream('lease'),
      owner: options.owner,
      settings: leaseSettings(config),
      onStanding: (standing) => this.#leaseChanged(standing),
    })
    this.#plugins = createBotPlugins({ clock, logger, plugins: given.plugins })
    this.#messages = createBotMessages({
      clock,
      logger,
      secureRandom: ports.secureRandom,
      journal: retryingMessageJournal({ ...storeRetry, journal: ports.messageJournal }),
      options: { ...options, handlers: [...options.handlers, ...this.#plugins.handlers] },
      epoch: () => this.#epoch(),
      send: (message) => this.#connection.send(message),
      isUsable: () => this.#connection.isUsable(),
      isHeavyWorkAllowed: () => this.#memory.isHeavyWorkAllowed(),
    })
    this.#connection = new ConnectionKeeper({
      clock,
      logger,
      random: random.stream('backoff'),
      connector,
      lease: this.#lease,
      settings: connectionSettings(config),
      openAuth: (epoch) => this.#session.openAuth(epoch),
      haltSession: (cause) => this.#session.halt(cause, this.#epoch()),
      accept: (message) => this.#messages.inbox.accept(message),
      onAck: (messageId, errorCode) => this.#messages.outbox.acked(messageId, errorCode),
      onPhoneSeen: (atMs) => this.#phone.seen(atMs),
      onStatus: (status) => this.#connectionChanged(status),
    })
    this.#phone = createPhoneWatch(ports, config, { session: this.#session, connection: this.#connection })
    this.#heapSnapshots = createHeapSnapshots(ports, options)
    this.#memory = createMemoryManager(ports, options, {
      reclaimers: [...this.#plugins.reclaimers, this.#session.keyCache],
      requestRecycle: () => this.#requestRecycle(),
      onLevel: (level) => this.#memoryChanged(level),
    })
    this.#steps = this.#createSteps()
  }

  /** Returns at once; `status()` says how far it is. A start that fails for good ends the process. */
  start(): void {
    this.#steps.start().then(
      () => {
        this.#ports.logger.info('bot.started')
        this.#options.onNews()
      },
      (error: unknown) => {
        if (this.#ending !== undefined) return
        this.#ports.logger.error('bot.start-failed', { reason: errorMessageOf(error) })
        this.#end('failed')
      },
    )
  }

  /** SIGTERM, or the supervisor's order: stops in order within `STOP_TIMEOUT_MS` and ends. May be called twice. */
  terminate(as: 'stopped' | 'recycle' = 'stopped'): void {
    this.#end(as)
  }

  /** Writes the heap to a file for a debugger, if memory allows it; the process stands still meanwhile. */
  takeHeapSnapshot(): SnapshotOutcome {
    return this.#heapSnapshots.take()
  }

  status(): BotStatus {
    return {
      connection: this.#connection.status(),
      lease: this.#lease.standing(),
      memory: this.#memory.report(),
      steps: this.#steps.report(),
      sessionTrouble: this.#session.trouble(),
      phone: this.#phone.report(),
      queuedCommands: this.#messages.inbox.depth(),
      pendingReplies: this.#messages.outbox.pendingCount(),
      ...this.#watch.report(),
    }
  }

  #createSteps(): StartupRunner {
    const { clock, logger, random } = this.#ports
    const steps = botSteps({
      memory: this.#memory,
      lease: this.#lease,
      connection: this.#connection,
      ...this.#messages,
      plugins: this.#plugins,
      store: this.#ports.sessionStore,
      prepareStore: this.#ports.prepareStore,
    })
    return new StartupRunner({ clock, logger, random: random.stream('startup'), steps })
  }

  #epoch(): number | undefined {
    const standing = this.#lease.standing()
    return standing.status === 'held' ? standing.epoch : undefined
  }

  #leaseChanged(standing: LeaseStanding): void {
    this.#options.onNews()
    this.#connection.leaseChanged(standing)
    if (standing.status === 'held') this.#takeUpWork()
  }

  /** What an earlier process left: commands without an answer, replies without an ack. */
  #takeUpWork(): void {
    this.#messages.outbox.resume().catch(this.#failing('bot.take-up-failed'))
    this.#messages.inbox.resume().catch(this.#failing('bot.take-up-failed'))
  }

  #connectionChanged(status: ConnectionStatus): void {
    this.#options.onNews()
    this.#watch.connectionChanged(status)
    for (const part of [this.#messages.outbox, this.#phone]) {
      if (status.state === 'open') part.connectionOpened()
      else part.connectionClosed()
    }
    if (status.deafReconnects >= DEAF_RECONNECTS_BEFORE_RECYCLE) {
      this.#requestRecycle().catch(this.#failing('bot.recycle-failed'))
    }
  }

  #memoryChanged(level: MemoryLevel): void {
    if (level !== 'emergency') return this.#connection.resumeAttempts('memory')
    this.#connection.pauseAttempts('memory')
    this.#plugins.unload()
    this.#heapSnapshots.emergencyBegan()
  }

  #failing(event: string): (error: unknown) => void {
    return (error) => this.#ports.logger.warn(event, { code: errorCodeOf(error) ?? errorMessageOf(error) })
  }

  /** A fresh process will connect: so it is charged to the same budget, and cannot outrun it. */
  async #requestRecycle(): Promise<RecycleAnswer> {
    if (this.#ending !== undefined) return { status: 'accepted' }
    const charge = await this.#lease.chargeAttempt()
    if (charge.status === 'refused') return charge
    // Without a lease or a database there is no connection to protect; the fresh process will wait as this one does.
    this.#ports.logger.warn('bot.recycle', { charge: charge.status })
    this.#end('recycle')
    return { status: 'accepted' }
  }

  /** Stops everything in order and leaves the process. The first reason stands. */
  #end(reason: ExitReason): void {
    if (this.#ending !== undefined) return
    this.#ending = reason
    const { logger, exit } = this.#ports
    logger.info('bot.stopping', { reason })
    this.#connection.pauseAttempts('stopping')
    this.#steps
      .stop(this.#options.config.stopTimeoutMs)
      .catch((error: unknown) => logger.error('bot.stop-failed', { reason: errorMessageOf(error) }))
      .finally(() => {
        this.#storeWait.abort()
        logger.info('bot.stopped', { reason })
        exit.exit(reason)
      })
  }
}
