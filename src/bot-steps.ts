/**
 * The bot's start-up in one table: what each step needs, how long it may take, what happens when it fails. A
 * database that is away is asked for ever, and health says why; any other required step fails by a bug alone,
 * and then the process ends and the supervisor backs off; an optional one leaves the bot degraded until it works,
 * and is tried again in the background. What would compete with the start is delayed until after it. It stops in
 * reverse: first no new work, then the socket, then replies, and the lease last, because giving it back is
 * what lets the next dyno begin.
 */

import type { BackoffLaw } from './backoff.ts'
import type { BotPlugins } from './bot-plugins.ts'
import type { ConnectionKeeper } from './connection/connection-keeper.ts'
import type { MemoryManager } from './memory/memory-manager.ts'
import type { Inbox } from './messages/inbox.ts'
import type { Outbox } from './messages/outbox.ts'
import type { Retention } from './messages/retention.ts'
import type { SessionStore } from './ports/session-store.ts'
import type { LeaseKeeper } from './session/lease.ts'
import type { StartupStep } from './startup/startup-steps.ts'

export interface BotParts {
  readonly memory: MemoryManager
  readonly store: SessionStore
  /** Makes the database fit for use. */
  readonly prepareStore: (() => Promise<unknown>) | undefined
  readonly lease: LeaseKeeper
  readonly outbox: Outbox
  readonly inbox: Inbox
  readonly plugins: BotPlugins
  readonly connection: ConnectionKeeper
  readonly retention: Retention
}

const SECOND_MS = 1_000
/** A database that is away at boot is asked again soon, and then ever more slowly. */
const DATABASE_LAW: BackoffLaw = { baseMs: SECOND_MS, capMs: 30 * SECOND_MS }
/** The bot serves without an optional step, so that is tried again at leisure: each 2.5 to 5 minutes in the end. */
const OPTIONAL_LAW: BackoffLaw = { baseMs: SECOND_MS, capMs: 300 * SECOND_MS }
const ONCE = { maxAttempts: 1, law: OPTIONAL_LAW } as const
/** Past the first minute's reconnect, replay and overdue answers. */
const AFTER_THE_START_MS = 60 * SECOND_MS

export function botSteps(parts: BotParts): StartupStep[] {
  const { memory, store, prepareStore, lease, outbox, inbox, plugins, connection, retention } = parts
  return [
    {
      // Without it memory is not managed in this process; the supervisor's own guard is left.
      ...step('memory', {
        needs: [],
        isRequired: false,
        run: () => memory.start(),
        stop: () => memory.stop(),
      }),
      timeoutMs: SECOND_MS,
    },
    {
      ...step('database', {
        needs: [],
        isRequired: true,
        run: () => (prepareStore === undefined ? store.readLease() : prepareStore()),
      }),
      timeoutMs: 20 * SECOND_MS,
      retry: { maxAttempts: 'forever', law: DATABASE_LAW },
    },
    step('lease', {
      needs: ['database'],
      isRequired: true,
      run: () => lease.start(),
      stop: () => lease.release(),
    }),
    step('outbox', { needs: ['lease'], isRequired: true, run: () => undefined, stop: () => outbox.stop() }),
    {
      ...step('connection', {
        needs: ['lease'],
        isRequired: true,
        run: () => connection.start(),
        stop: () => connection.stop(),
      }),
      stopTimeoutMs: 10 * SECOND_MS,
    },
    step('plugins', { needs: [], isRequired: true, run: () => undefined, stop: () => plugins.stop() }),
    step('inbox', { needs: ['lease'], isRequired: true, run: () => undefined, stop: () => inbox.stop() }),
    {
      // It deletes by the thousand rows: at the start that would compete with session and waiting commands.
      ...step('retention', {
        needs: ['lease'],
        isRequired: false,
        run: () => retention.start(),
        stop: () => retention.stop(),
      }),
      startAfterMs: AFTER_THE_START_MS,
    },
  ]
}

/** A step that is done at once, and stops within a few seconds. */
function step(
  name: string,
  part: {
    readonly needs: readonly string[]
    readonly isRequired: boolean
    run(): unknown
    stop?(): Promise<void>
  },
): StartupStep {
  return {
    name,
    needs: part.needs,
    isRequired: part.isRequired,
    timeoutMs: 5 * SECOND_MS,
    retry: ONCE,
    run: async () => {
      await part.run()
    },
    stop: () => part.stop?.() ?? Promise.resolve(),
    stopTimeoutMs: 4 * SECOND_MS,
  }
}
