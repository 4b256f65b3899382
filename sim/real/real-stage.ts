/**
 * Where a run at the real level plays: a Postgres database behind the fault proxy, a WhatsApp on loopback, and a
 * dyno of Heroku in which the target's processes run. Opened whole or not at all, and closed whole.
 */

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BalloonHub } from '../balloon/agent/balloon-hub.ts'
import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import { HerokuSim, PLAIN_DYNO } from '../dyno/real/heroku-sim.ts'
import type { LogLine } from '../dyno/real/log-line.ts'
import { FaultProxy } from '../postgres/fault-proxy/fault-proxy.ts'
import type { ServerFaults } from '../postgres/server-faults.ts'
import { storeLinkedSession } from '../postgres/linked-session.ts'
import { SILENT_LOGGER } from '../../src/ports/silent-logger.ts'
import { startFakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import { PreloadReports } from '../targets/real/preload-reports.ts'
import type { RealTarget } from '../targets/real/real-target.ts'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { ServerEvent } from '../whatsapp/server-event.ts'
import type { RunDatabase } from './run-database.ts'
import { DynoClocks } from './dyno-clocks.ts'
import type { WrongClocks } from './dyno-clocks.ts'
import { commandOfTarget, dynoOfTarget, nodeOptionsOf } from './target-dyno.ts'

/** For the owner's pages; it guards nothing. */
export const ADMIN_TOKEN = 'the-lab-knows-this-token-and-nobody-else-needs-it'

export interface RealStageOptions {
  readonly target: RealTarget
  readonly database: RunDatabase
  readonly seed: string
  readonly compress: number
  /** False: nothing is stored, and the bot asks to be linked. */
  readonly isPaired: boolean
  readonly hasBalloon: boolean
  readonly hasDailyCycling: boolean
  /** Undefined: every dyno's clock is the machine's. */
  readonly clocks: WrongClocks | undefined
  /** Every SIGTERM comes twice, within two seconds. */
  readonly hasSigtermTwice: boolean
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
  readonly clocks: DynoClocks | undefined
  /** What the preload in a target that brings one has told. */
  readonly preloads: PreloadReports
  /** Outlives the dynos, and ends with the stage. */
  readonly stateFolder: string

  readonly #upstream: RunDatabase
  readonly #configVars: () => Readonly<Record<string, string>>

  private constructor(
    parts: Pick<
      RealStage,
      'database' | 'whatsapp' | 'account' | 'sim' | 'hub' | 'clocks' | 'preloads' | 'stateFolder'
    > & { readonly upstream: RunDatabase; configVars(): Readonly<Record<string, string>> },
  ) {
    this.#upstream = parts.upstream
    this.#configVars = () => parts.configVars()
    this.database = parts.database
    this.whatsapp = parts.whatsapp
    this.account = parts.account
    this.sim = parts.sim
    this.hub = parts.hub
    this.clocks = parts.clocks
    this.preloads = parts.preloads
    this.stateFolder = parts.stateFolder
  }

  /** Everything but the first boot: that is `sim.start()`. @throws Error when a port or the database fails */
  static async open(options: RealStageOptions): Promise<RealStage> {
    const opened: (() => Promise<void>)[] = []
    try {
      const { seed } = options
      const { url: databaseUrl } = options.database
      const database = new FaultProxy({ upstreamUrl: databaseUrl, port: 0, tls: 'refuse', seed })
      opened.push(() => database.stop())
      await database.start()
      const whatsapp = await startFakeWhatsApp({ onEvent: (event) => options.onServerEvent(event) })
      opened.push(() => whatsapp.close())
      const preloads = new PreloadReports()
      whatsapp.addRequestHandler(preloads.handle)
      const account = whatsapp.addAccount({ name: 'Owner' })
      const hub = options.hasBalloon ? new BalloonHub() : undefined
      await hub?.start()
      if (hub !== undefined) opened.push(() => hub.stop())
      const clocks = options.clocks && (await DynoClocks.create(options.clocks))
      if (clocks !== undefined) opened.push(() => clocks.remove())
      const stateFolder = await mkdtemp(join(tmpdir(), 'lab-state-'))
      opened.push(() => rm(stateFolder, { recursive: true, force: true }))
      const sessionId = `real-${randomUUID()}`
      const { target, isPaired } = options
      const nodeOptions = await nodeOptionsOf(target.image)
      if (isPaired && target.linking === 'seeded')
        await storeLinkedSession(
          { databaseUrl, sessionId, logger: SILENT_LOGGER },
          account.linkedDevice().creds,
        )
      const configVars = (): Readonly<Record<string, string>> => {
        const ofTarget = target.environment({
          databaseUrl: database.url,
          whatsappUrl: whatsapp.url,
          adminUrl: whatsapp.adminUrl,
          account: account.pn,
          sessionId,
          stateFolder,
          nodeOptions,
        })
        return {
          ...ofTarget,
          ADMIN_TOKEN,
          ...(isPaired || target.linking === 'qr' ? {} : { PAIRING_PHONE_NUMBER: account.pn }),
          ...options.settings,
          ...labPreloads(ofTarget['NODE_OPTIONS'] ?? nodeOptions, hub, clocks),
        }
      }
      const sim = createSim(options, stateFolder, configVars())
      const things = { database, whatsapp, account, sim, hub, clocks, preloads, stateFolder }
      return new RealStage({ ...things, upstream: options.database, configVars })
    } catch (error) {
      for (const close of opened.toReversed()) await close()
      throw error
    }
  }

  /** @throws Error where the server is not the run's own; InfrastructureError when it does not go down */
  async takeServerDown(how: 'kill' | 'stop'): Promise<void> {
    await this.#serverFaults().goDown(how)
  }

  /** @throws as `takeServerDown` */
  async bringServerBack(): Promise<void> {
    const back = new URL(await this.#serverFaults().comeBack())
    back.pathname = new URL(this.#upstream.url).pathname
    // A container comes back at another port, which only the proxy sees.
    await this.database.failOver({ upstreamUrl: back.href, address: 'kept' })
  }

  /** The database gets another address, and a release with it in its config vars replaces the dyno. */
  async failOver(): Promise<void> {
    await this.database.failOver({ upstreamUrl: this.#upstream.url, address: 'changed' })
    this.sim.deploy({ configVars: this.#configVars() })
  }

  #serverFaults(): ServerFaults {
    if (this.#upstream.faults === undefined) throw new Error('the Postgres server is shared with other runs')
    return this.#upstream.faults
  }

  /** SIGKILL for whatever still runs, and the end of everything else. */
  async close(): Promise<void> {
    await this.sim.stopNow()
    await this.hub?.stop()
    await this.clocks?.remove()
    await rm(this.stateFolder, { recursive: true, force: true })
    await this.whatsapp.close()
    await this.database.stop()
  }
}

function createSim(
  options: RealStageOptions,
  stateFolder: string,
  configVars: Readonly<Record<string, string>>,
): HerokuSim {
  return new HerokuSim({
    ...PLAIN_DYNO,
    dyno: dynoOfTarget(options.target, configVars, stateFolder),
    command: commandOfTarget(options.target),
    appFolder: options.target.appFolder,
    copy: options.target.copy,
    compress: options.compress,
    hasDailyCycling: options.hasDailyCycling,
    seed: options.seed,
    rules: { repeatedSigtermChance: options.hasSigtermTwice ? 1 : 0 },
    configVars,
    onLine: (line) => options.onLine(line),
    onEvent: (event) => options.onDynoEvent(event),
  })
}

/** What the lab loads into the target's processes, beside what the target itself wants loaded. */
function labPreloads(
  nodeOptions: string,
  hub: BalloonHub | undefined,
  clocks: DynoClocks | undefined,
): Record<string, string> {
  const withClocks = { ...clocks?.environment(nodeOptions) }
  return { ...withClocks, ...hub?.environment(withClocks.NODE_OPTIONS ?? nodeOptions) }
}
