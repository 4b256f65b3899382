/**
 * Puts a scenario's faults on the time line and counts how often each one really struck: a fault that never
 * struck makes the run vacuous. Jitter is drawn here, once per fault, so a seed decides when the bot is hit.
 */

import { balloonPlanOf } from '../balloon/balloon-plan.ts'
import { LedgerBalloon } from '../balloon/ledger-balloon.ts'
import type { HerokuModel } from '../dyno/heroku-dyno.ts'
import type { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { WhatsappFaults } from '../fakes/whatsapp-faults.ts'
import type { BotFaults } from '../world/bot-faults.ts'
import { InjectedFaults } from './injected-faults.ts'
import type { PrngStream } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { Trace } from '../world/trace.ts'
import { beginBotFault, endBotFault } from './bot-injection.ts'
import type { BotFault } from './bot-injection.ts'
import type { Fault, FaultOf } from './fault.ts'
import type { StoreFaults } from './store-faults.ts'
import { beginWhatsapp } from './whatsapp-injection.ts'
import type { WhatsappFault } from './whatsapp-injection.ts'
import { WhatsappSpans } from './whatsapp-spans.ts'

export interface InjectorOptions {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly stream: PrngStream
  readonly whatsapp: WhatsappFaults
  readonly heroku: HerokuModel
  readonly store: StoreFaults
  readonly bots: BotFaults
  ledger(): MemoryLedger | undefined
  /** True while the process of that ledger is suspended. */
  isSuspended(): boolean
}

export class Injector {
  readonly #options: InjectorOptions
  readonly #injected = new InjectedFaults<Fault>()
  readonly #spans: WhatsappSpans

  constructor(options: InjectorOptions) {
    this.#options = options
    this.#spans = new WhatsappSpans(options.whatsapp)
  }

  /** Schedules all faults; to be called once, before the world runs. */
  schedule(faults: readonly Fault[]): void {
    this.#injected.schedule(faults, this.#options.stream, (fault, delayMs) =>
      this.#scheduleOne(fault, delayMs),
    )
  }

  /** Faults that never took effect, as text. */
  unstruck(): string[] {
    return this.#injected.unstruck()
  }

  #scheduleOne(fault: Fault, delayMs: number): () => boolean {
    switch (fault.kind) {
      case 'disconnect':
      case 'storm':
      case 'refuse-logins':
      case 'stall':
      case 'deaf':
      case 'restart-loop':
      case 'unlink':
      case 'phone-off':
      case 'duplicates':
      case 'drop-acks':
        return this.#whatsapp(fault, delayMs)
      case 'store-latency':
      case 'store-outage':
      case 'store-flaky':
        return this.#span(fault, delayMs, fault.forMs, this.#options.store.begin(fault))
      case 'signal-mid-write':
        this.#at(fault, delayMs, () =>
          this.#options.store.awaitWrite(fault, (signal) => this.#signal(signal)),
        )
        return () => this.#options.store.strikesOf(fault) > 0
      case 'balloon':
        return this.#balloon(fault, delayMs)
      case 'dyno-restart':
      case 'deploy':
      case 'sigkill':
      case 'hang':
      case 'starve':
      case 'clock-step':
        return this.#dyno(fault, delayMs)
      case 'bot-hang':
      case 'bot-crashes':
      case 'bot-starve':
      case 'slow-messages':
        return this.#bot(fault, delayMs)
    }
  }

  #whatsapp(fault: WhatsappFault, delayMs: number): () => boolean {
    if (fault.kind === 'disconnect' || fault.kind === 'storm') return this.#cuts(fault, delayMs)
    this.#at(fault, delayMs, () => this.#spans.begin(fault))
    if ('forMs' in fault) this.#at(fault, delayMs + fault.forMs, () => this.#spans.lift(fault), 'lifted')
    return () => this.#spans.strikesOf(fault) > 0
  }

  #cuts(fault: FaultOf<'disconnect' | 'storm'>, delayMs: number): () => boolean {
    const { whatsapp, scheduler } = this.#options
    let hasStruck = false
    const cut = (): void => {
      const before = whatsapp.strikes().disconnect
      beginWhatsapp(whatsapp, fault)
      hasStruck ||= whatsapp.strikes().disconnect > before
    }
    this.#at(fault, delayMs, cut)
    if (fault.kind === 'storm') {
      for (let index = 1; index < fault.count; index += 1)
        scheduler.schedule('fault.storm', delayMs + index * fault.everyMs, cut)
    }
    return () => hasStruck
  }

  #bot(fault: BotFault, delayMs: number): () => boolean {
    const { bots } = this.#options
    const crashesBefore = { count: 0 }
    let hasStruck = false
    this.#at(fault, delayMs, () => {
      crashesBefore.count = bots.crashes
      hasStruck = beginBotFault(bots, fault)
    })
    this.#at(fault, delayMs + fault.forMs, () => endBotFault(bots, fault), 'lifted')
    return () => (fault.kind === 'bot-crashes' ? bots.crashes > crashesBefore.count : hasStruck)
  }

  #dyno(fault: DynoFault, delayMs: number): () => boolean {
    let hasStruck = false
    this.#at(fault, delayMs, () => {
      hasStruck = strikeDyno(this.#options.heroku, fault)
    })
    return () => hasStruck
  }

  #balloon(fault: FaultOf<'balloon'>, delayMs: number): () => boolean {
    const { scheduler, heroku } = this.#options
    const balloon = new LedgerBalloon({
      scheduler,
      plan: balloonPlanOf(fault),
      ledger: () => this.#options.ledger(),
      isSuspended: () => this.#options.isSuspended(),
      onStep: () => heroku.checkCeiling(),
    })
    this.#at(fault, delayMs, () => balloon.start())
    return () => balloon.hasStruck
  }

  #span(fault: Fault, delayMs: number, forMs: number, switches: { on(): void; off(): void }): () => boolean {
    this.#at(fault, delayMs, () => switches.on())
    this.#at(fault, delayMs + forMs, () => switches.off(), 'lifted')
    return () => this.#options.store.strikesOf(fault) > 0
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    const { heroku } = this.#options
    return signal === 'SIGTERM' ? heroku.restart() : heroku.killNow()
  }

  #at(fault: Fault, delayMs: number, action: () => void, phase: 'begins' | 'lifted' = 'begins'): void {
    const { scheduler, trace } = this.#options
    scheduler.schedule(`fault.${fault.kind}`, delayMs, () => {
      trace.record({ atMs: scheduler.nowMs, source: 'fault', kind: `fault.${fault.kind}`, data: { phase } })
      action()
    })
  }
}

type DynoFault = FaultOf<'dyno-restart' | 'deploy' | 'sigkill' | 'hang' | 'starve' | 'clock-step'>

function strikeDyno(heroku: HerokuModel, fault: DynoFault): boolean {
  switch (fault.kind) {
    case 'dyno-restart':
      return heroku.restart(fault.repeatAfterMs)
    case 'deploy':
      return heroku.deploy()
    case 'sigkill':
      return heroku.killNow()
    case 'hang':
      return heroku.hang(fault.forMs)
    case 'starve':
      return heroku.starve(fault.forMs, fault.timerDelayMs)
    case 'clock-step':
      return heroku.stepClock(fault.byMs)
  }
}
