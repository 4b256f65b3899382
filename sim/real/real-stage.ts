/**
 * Where a run at the real level plays: a Postgres database behind the fault proxy, a WhatsApp on loopback, and a
 * dyno of Heroku in which the target's processes run. Opened whole or not at all, and closed whole.
 */

import { randomUUID } from 'node:crypto'
import { BalloonHub } from '../balloon/agent/balloon-hub.ts'
import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import { HerokuSim } from '../dyno/real/heroku-sim.ts'
import type { LogLine } from '../dyno/real/log-line.ts'
import { FaultProxy } from '../postgres/fault-proxy/fault-proxy.ts'
import { storeLinkedSession } from '../postgres/linked-session.ts'
import type { Logger } from '../../src/ports/logger.ts'
import { startFakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { ServerEvent } from '../whatsapp/server-event.ts'
import { APP_FOLDER, productionCommand } from './production-app.ts'

export interface RealStageOptions {
  /** Of a migrated database. */
  readonly databaseUrl: string
  readonly seed: string
  readonly compress: number
  readonly hasBalloon: boolean
  readonly settings: Readonly<Record<string, string>>
  onServerEvent(event: ServerEvent): void
  onDynoEvent(event: DynoEvent): void
  onLine(line: LogLine): void
}

export class RealStage {
  readonly database: FaultProxy
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly sim: HerokuSim
  readonly hub: BalloonHub | undefined

  private constructor(parts: Pick<RealStage, 'database' | 'whatsapp' | 'account' | 'sim' | 'hub'>) {
    this.database = parts.database
    this.whatsapp = parts.whatsapp
    this.account = parts.account
    this.sim = parts.sim
    this.hub = parts.hub
  }

  /** Everything but the first boot: that is `sim.start()`. @throws Error when a port or the database fails */
  static async open(options: RealStageOptions): Promise<RealStage> {
    const opened: (() => Promise<void>)[] = []
    try {
      const { databaseUrl, seed } = options
      const database = new FaultProxy({ upstreamUrl: databaseUrl, port: 0, tls: 'refuse', seed })
      opened.push(() => database.stop())
      await database.start()
      const whatsapp = await startFakeWhatsApp({ onEvent: (event) => options.onServerEvent(event) })
      opened.push(() => whatsapp.close())
      const account = whatsapp.addAccount({ name: 'Owner' })
      const hub = options.hasBalloon ? new BalloonHub() : undefined
      await hub?.start()
      if (hub !== undefined) opened.push(() => hub.stop())
      const sessionId = `real-${randomUUID()}`
      await storeLinkedSession({ databaseUrl, sessionId, logger: SILENT }, account.linkedDevice().creds)
      const sim = createSim(options, {
        DATABASE_URL: database.url,
        WHATSAPP_URL: whatsapp.url,
        SESSION_ID: sessionId,
        ...options.settings,
        ...hub?.environment(),
      })
      return new RealStage({ database, whatsapp, account, sim, hub })
    } catch (error) {
      for (const close of opened.toReversed()) await close()
      throw error
    }
  }

  /** SIGKILL for whatever still runs, and the end of everything else. */
  async close(): Promise<void> {
    await this.sim.stopNow()
    await this.hub?.stop()
    await this.whatsapp.close()
    await this.database.stop()
  }
}

function createSim(options: RealStageOptions, configVars: Readonly<Record<string, string>>): HerokuSim {
  return new HerokuSim({
    command: productionCommand(),
    dyno: { kind: 'process' },
    appFolder: APP_FOLDER,
    // The bot writes nothing beside it but temporary files, which have a folder of their own.
    copy: 'none',
    memoryModel: 'heroku',
    hasRuntimeMetrics: false,
    size: 'basic',
    port: 0,
    protocol: 'http',
    compress: options.compress,
    hasPreboot: false,
    hasDailyCycling: false,
    seed: options.seed,
    rules: {},
    configVars,
    onLine: (line) => options.onLine(line),
    onEvent: (event) => options.onDynoEvent(event),
  })
}

const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // The bot's own log is read; this one is the fixture's.
}
