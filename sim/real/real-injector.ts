/**
 * Puts the faults of a run at the real level on the time line and counts whether each one really struck. Jitter is
 * drawn by seed, one draw a fault, so that each seed meets the bot at another moment; real time adds its own.
 */

import { RealBalloon } from '../balloon/agent/real-balloon.ts'
import type { BalloonHub } from '../balloon/agent/balloon-hub.ts'
import { balloonPlanOf } from '../balloon/balloon-plan.ts'
import type { HerokuSim } from '../dyno/real/heroku-sim.ts'
import type { RealFault, RealFaultOf } from '../faults/real-fault.ts'
import { VIRTUAL_ONLY } from '../faults/real-fault.ts'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import { InjectedFaults } from '../faults/injected-faults.ts'
import type { PrngStream } from '../world/prng.ts'
import type { TraceData } from '../world/trace.ts'
import { injectIntoDatabase } from './database-injection.ts'
import type { DatabaseFault, DatabaseInjectionDeps, InForce } from './database-injection.ts'
import type { DynoClocks } from './dyno-clocks.ts'
import type { ProcessFaults } from './process-faults.ts'
import { historyOf } from './history-flood.ts'
import { wireFaultOf } from './wire-faults.ts'
import type { ConnectionFault } from './wire-faults.ts'
import { TimeLine } from './time-line.ts'

export interface RealInjectorOptions extends DatabaseInjectionDeps {
  readonly stream: PrngStream
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly sim: HerokuSim
  readonly processes: ProcessFaults
  /** Only where a scenario has a balloon. */
  readonly hub: BalloonHub | undefined
  /** Only where a scenario has wrong clocks. */
  readonly clocks: DynoClocks | undefined
  newestBoot(): number | undefined
  /** Of the run: fault times count on its clock. */
  nowMs(): number
  record(kind: string, data: TraceData): void
  /** A fault could not be brought into force: a failure of the lab. */
  onFailure(error: unknown): void
}

export class RealInjector {
  readonly #options: RealInjectorOptions
  readonly #injected = new InjectedFaults<RealFault>()
  readonly #timeLine: TimeLine
  readonly #balloons: RealBalloon[] = []

  constructor(options: RealInjectorOptions) {
    this.#options = options
    this.#timeLine = new TimeLine(options)
  }

  /** Schedules all faults; to be called once, soon after the first boot. */
  schedule(faults: readonly RealFault[]): void {
    this.#injected.schedule(faults, this.#options.stream, (fault, atMs) => this.#scheduleOne(fault, atMs))
  }

  /** Whether every fault has struck, and every span been lifted, that there is. */
  get isOver(): boolean {
    return this.#timeLine.isIdle && this.#options.processes.isIdle
  }

  /** Faults that never took effect, as text. */
  unstruck(): string[] {
    return this.#injected.unstruck()
  }

  stop(): void {
    this.#timeLine.stop()
    for (const balloon of this.#balloons) balloon.stop()
  }

  #scheduleOne(fault: RealFault, atMs: number): () => boolean {
    switch (fault.kind) {
      case 'storm':
        return this.#storm(fault, atMs)
      case 'disconnect':
      case 'refuse-logins':
      case 'stall':
      case 'deaf':
      case 'restart-loop':
      case 'duplicates':
      case 'drop-acks':
      case 'wire':
        return this.#span(fault, atMs, () => this.#onWire(fault))
      case 'store-latency':
      case 'store-outage':
      case 'proxy':
      case 'postgres-server':
      case 'postgres-failover':
        return this.#span(fault, atMs, () => injectIntoDatabase(fault, this.#options))
      case 'history-flood':
        return this.#history(fault, atMs)
      case 'unlink':
        return this.#command(fault, atMs, () => this.#unlink())
      case 'dyno-restart':
      case 'deploy':
      case 'sigkill':
        return this.#command(fault, atMs, () => this.#onDyno(fault.kind))
      case 'hang':
      case 'starve':
      case 'bot-hang':
      case 'bot-starve':
      case 'bot-crashes':
        return this.#begun(fault, atMs, () => this.#options.processes.begin(fault))
      case 'balloon':
        return this.#balloon(fault, atMs)
      case 'clock-step':
        return this.#command(fault, atMs, () => this.#stepClock(fault))
      case 'phone-off':
      case 'slow-messages':
      case 'store-flaky':
      case 'signal-mid-write':
        throw new Error(`${fault.kind} cannot strike here: ${VIRTUAL_ONLY[fault.kind] ?? ''}`)
      default:
        return fault satisfies never
    }
  }

  async #onWire(fault: Exclude<ConnectionFault, { kind: 'storm' }>): Promise<InForce> {
    const injected = await this.#options.whatsapp.inject(wireFaultOf(fault))
    return { strikes: () => injected.struck, lift: () => injected.lift() }
  }

  #onDyno(kind: 'dyno-restart' | 'deploy' | 'sigkill'): boolean {
    const { sim } = this.#options
    switch (kind) {
      case 'dyno-restart':
        return sim.restart()
      case 'deploy':
        return sim.deploy()
      case 'sigkill':
        return sim.killNow()
      default:
        return kind satisfies never
    }
  }

  #history(fault: RealFaultOf<'history-flood'>, atMs: number): () => boolean {
    let sent = 0
    this.#timeLine.at(atMs, async () => {
      this.#tell(fault, 'begins')
      for (const conversation of historyOf(fault))
        sent += (await this.#options.account.sendHistory([conversation])).length
    })
    return () => sent > 0
  }

  #stepClock({ byMs }: RealFaultOf<'clock-step'>): boolean {
    const { clocks } = this.#options
    const boot = this.#options.newestBoot()
    if (clocks === undefined || boot === undefined) return false
    this.#options.record('dyno.clock-step', { dynoId: `web.1#${boot}`, byMs })
    clocks.step(boot, byMs).catch((error: unknown) => this.#options.onFailure(error))
    return true
  }

  #unlink(): boolean {
    const { account } = this.#options
    const [device] = account.linkedDevices
    if (device === undefined) return false
    account.removeDevice(device)
    return true
  }

  #storm(fault: RealFaultOf<'storm'>, atMs: number): () => boolean {
    let struck = 0
    for (let index = 0; index < fault.count; index += 1) {
      this.#timeLine.at(atMs + index * fault.everyMs, async () => {
        if (index === 0) this.#tell(fault, 'begins')
        struck += (await this.#options.whatsapp.inject(wireFaultOf(fault))).struck
      })
    }
    return () => struck > 0
  }

  #span(fault: ConnectionFault | DatabaseFault, atMs: number, begin: () => Promise<InForce>): () => boolean {
    let inForce: InForce | undefined
    this.#timeLine.at(atMs, async () => {
      this.#tell(fault, 'begins')
      inForce = await begin()
    })
    if ('forMs' in fault && fault.forMs !== undefined) {
      this.#timeLine.at(atMs + fault.forMs, async () => {
        await inForce?.lift()
        this.#tell(fault, 'lifted')
      })
    }
    // What cannot be seen to strike has been in force.
    return () => inForce !== undefined && (inForce.strikes() ?? 1) > 0
  }

  #command(fault: RealFault, atMs: number, strike: () => boolean): () => boolean {
    return this.#begun(fault, atMs, () => {
      const hasStruck = strike()
      return () => hasStruck
    })
  }

  /** @param begin its answer tells at the end whether somebody was struck */
  #begun(fault: RealFault, atMs: number, begin: () => () => boolean): () => boolean {
    let hasStruck: (() => boolean) | undefined
    this.#timeLine.at(atMs, () => {
      this.#tell(fault, 'begins')
      hasStruck = begin()
    })
    return () => hasStruck?.() ?? false
  }

  #balloon(fault: RealFaultOf<'balloon'>, atMs: number): () => boolean {
    const { hub, processes } = this.#options
    if (hub === undefined) throw new Error('a scenario with a balloon needs its hub')
    const balloon = new RealBalloon({
      plan: balloonPlanOf(fault),
      agent: () => {
        const pid = processes.botPid
        return hub.agents().find((agent) => agent.isConnected && agent.hello.pid === pid)
      },
    })
    this.#balloons.push(balloon)
    this.#timeLine.at(atMs, () => {
      this.#tell(fault, 'begins')
      balloon.start()
    })
    return () => balloon.hasStruck
  }

  #tell(fault: RealFault, phase: 'begins' | 'lifted'): void {
    const lasts = 'forMs' in fault && fault.forMs !== undefined
    this.#options.record(`fault.${fault.kind}`, { phase, lasts })
  }
}
