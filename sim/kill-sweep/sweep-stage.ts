/**
 * Where a sweep plays: the bot as it is deployed in a dyno of real processes, its database behind the fault proxy,
 * its WhatsApp on loopback. It lives through many kills: Heroku's waits and the bot's
 * are shortened by settings that whoever runs it can print.
 */

import { randomUUID } from 'node:crypto'
import { SILENT_LOGGER } from '../../src/ports/silent-logger.ts'
import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import { HerokuSim, PLAIN_DYNO } from '../dyno/real/heroku-sim.ts'
import type { LogLine } from '../dyno/real/log-line.ts'
import { procfileCommand } from '../dyno/real/web-command.ts'
import { FaultProxy } from '../postgres/fault-proxy/fault-proxy.ts'
import { storeLinkedSession } from '../postgres/linked-session.ts'
import type { PostgresServer } from '../postgres/postgres-server.ts'
import { startFakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { ServerEvent } from '../whatsapp/server-event.ts'
import { SessionAudit } from './session-audit.ts'

export interface SweepStageOptions {
  readonly postgres: PostgresServer
  /** With the Procfile and what it names. */
  readonly appFolder: string
  readonly seed: string
  readonly settings: Readonly<Record<string, string>>
  /** The session is paired before the first boot; else the bot shows a code on its page. */
  readonly isLinked: boolean
  onServerEvent(event: ServerEvent): void
  onDynoEvent(event: DynoEvent): void
  onLine(line: LogLine): void
  /** A process of Postgres serves the client at this port of the proxy's clients. */
  onSession(backendPid: number, clientPort: number): void
}

export interface SweepStage {
  readonly databaseUrl: string
  readonly database: FaultProxy
  readonly audit: SessionAudit
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly sim: HerokuSim
  /** SIGKILL for whatever still runs, and the end of everything else. */
  close(): Promise<void>
}

/** Opens the bot's page; of a bot that lives for seconds on loopback. */
export const ADMIN_TOKEN = 'open-sesame-open-sesame'

/** A crash costs a second instead of a minute, and none costs more than the one before. */
export const SHORTENED: Readonly<Record<string, string>> = {
  SEND_GAP_MS: '0',
  // After a supervisor's end a lease is waited out; on a starved machine a shorter one would be lost by the living.
  LEASE_DURATION_MS: '4000',
  LEASE_RENEW_INTERVAL_MS: '1000',
  LEASE_MARGIN_MS: '1000',
  LEASE_POLL_INTERVAL_MS: '250',
  RECONNECT_BACKOFF_BASE_MS: '500',
  RECONNECT_BACKOFF_CAP_MS: '1000',
  RECONNECT_STABLE_UPTIME_MS: '10000',
  RECONNECT_WINDOW_MS: '10000',
  RECONNECT_MAX_ATTEMPTS_PER_WINDOW: '1000',
  BOT_RESTART_BACKOFF_BASE_MS: '50',
  BOT_RESTART_BACKOFF_CAP_MS: '100',
  BOT_RESTART_WINDOW_MS: '1000',
  BOT_STARTS_PER_WINDOW: '1000',
}

/** Heroku's calendar: a sweep crashes the dyno hundreds of times, and proves nothing about cool-offs. */
export const SHORTENED_RULES = { coolOffMinutes: [0], crashRestartMs: 50, startGapMaxMs: 100 } as const

/** Everything but the first boot. @throws InfrastructureError, Error when a port or the database fails */
export async function openSweepStage(options: SweepStageOptions): Promise<SweepStage> {
  const opened: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (let next = opened.pop(); next !== undefined; next = opened.pop()) await next()
  }
  try {
    const { postgres, seed, settings } = options
    const { url: databaseUrl } = await postgres.createDatabase()
    const database = new FaultProxy({
      upstreamUrl: databaseUrl,
      port: 0,
      tls: 'refuse',
      seed,
      onSession: (backendPid, clientPort) => options.onSession(backendPid, clientPort),
    })
    opened.push(() => database.stop())
    await database.start()
    const whatsapp = await startFakeWhatsApp({ onEvent: (event) => options.onServerEvent(event) })
    opened.push(() => whatsapp.close())
    const account = whatsapp.addAccount({ name: 'Owner' })
    const sessionId = `sweep-${randomUUID()}`
    if (options.isLinked)
      await storeLinkedSession(
        { databaseUrl, sessionId, logger: SILENT_LOGGER },
        account.linkedDevice().creds,
      )
    const audit = await SessionAudit.open(databaseUrl)

    const sim = createSim(options, {
      DATABASE_URL: database.url,
      WHATSAPP_URL: whatsapp.url,
      SESSION_ID: sessionId,
      ...(options.isLinked ? {} : { ADMIN_TOKEN, PAIRING_PHONE_NUMBER: account.pn }),
      ...settings,
    })
    opened.push(() => sim.stopNow())
    return { databaseUrl, database, audit, whatsapp, account, sim, close }
  } catch (error) {
    await close()
    throw error
  }
}

function createSim(options: SweepStageOptions, configVars: Readonly<Record<string, string>>): HerokuSim {
  const { appFolder, seed } = options
  const command = procfileCommand(appFolder)
  if (command === undefined) throw new Error(`${appFolder}/Procfile has no line "web: …"`)
  return new HerokuSim({
    ...PLAIN_DYNO,
    command,
    appFolder,
    dyno: { kind: 'process' },
    copy: 'none',
    seed,
    rules: SHORTENED_RULES,
    configVars,
    onLine: (line) => options.onLine(line),
    onEvent: (event) => options.onDynoEvent(event),
  })
}
