/** Heroku's memory sampling of one dyno: a sample about every 20 s, out of step with the boot. */

import type { PrngStream } from '../world/prng.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import { drawFirstSampleMs, drawSampleGapMs } from './dyno-draws.ts'
import type { HerokuRules } from './heroku-rules.ts'

export interface MemorySamplerOptions {
  readonly scheduler: Scheduler
  readonly stream: PrngStream
  readonly rules: Pick<HerokuRules, 'sampleMs' | 'sampleJitterMs'>
  /** Takes one sample; may stop the sampler. */
  onSample(): void
}

export class MemorySampler {
  readonly #options: MemorySamplerOptions
  #event: ScheduledEvent | undefined
  #isStopped = false

  constructor(options: MemorySamplerOptions) {
    this.#options = options
  }

  start(): void {
    this.#schedule(drawFirstSampleMs(this.#options.rules, this.#options.stream))
  }

  stop(): void {
    this.#isStopped = true
    this.#event?.cancel()
  }

  #schedule(delayMs: number): void {
    this.#event = this.#options.scheduler.scheduleHousekeeping('dyno.sample', delayMs, () => {
      this.#options.onSample()
      if (!this.#isStopped) this.#schedule(drawSampleGapMs(this.#options.rules, this.#options.stream))
    })
  }
}
