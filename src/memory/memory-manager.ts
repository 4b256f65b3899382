/**
 * Keeps the dyno's memory under its quota: samples, lets memory-policy decide, performs. Owns the sampling
 * timer, the one cleanup that may run, and the request for a fresh process. Sampling goes on while a cleanup
 * runs, so a reclaimer that hangs delays neither the refusal of heavy work nor the recycle. Measuring that
 * fails is logged once and leaves the level as it was; it ends nothing.
 */

import assert from 'node:assert/strict'
import { errorMessageOf } from '../errors.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MemoryProbe, MemorySample } from '../ports/memory-probe.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'
import { MemoryCleanup } from './memory-cleanup.ts'
import type { CleanupReport } from './memory-cleanup.ts'
import * as policy from './memory-policy.ts'
import type { AlertKind, MemoryEffect, MemoryLevel, RecycleReason } from './memory-policy.ts'
import type { MemorySettings } from './memory-settings.ts'

/** Alerts that the report keeps; the oldest go first. */
const MAX_ALERTS = 20
/** A recycle request that fails is as good as refused, for this long. */
const FAILED_RECYCLE_RETRY_MS = 30_000

export type RecycleAnswer =
  { readonly status: 'accepted' } | { readonly status: 'refused'; readonly retryAfterMs: number }

export interface MemoryAlert {
  readonly kind: AlertKind
  readonly atMs: number
  readonly percent: number
}

export interface RecycleRequest {
  readonly reason: RecycleReason
  readonly atMs: number
  readonly answer: 'pending' | 'accepted' | 'refused' | 'failed'
}

export interface MemoryReport {
  readonly isOptimizationEnabled: boolean
  readonly isHeavyWorkAllowed: boolean
  readonly quotaBytes: number
  readonly level: MemoryLevel
  /** Of the quota, at the last sample, to one decimal. */
  readonly percent: number | undefined
  readonly sample: MemorySample | undefined
  /** Wall clock; undefined before the first sample. */
  readonly sampledAtMs: number | undefined
  /** False while measuring fails. */
  readonly isMeasuring: boolean
  readonly alerts: readonly MemoryAlert[]
  readonly cleanups: number
  readonly lastCleanup: CleanupReport | undefined
  readonly lastRecycle: RecycleRequest | undefined
}

export interface MemoryManagerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly probe: MemoryProbe
  readonly reclaimers: readonly Reclaimer[]
  /** Asks for a fresh process in place of this one. May be called again after a minute without effect. */
  requestRecycle(): Promise<RecycleAnswer>
  /** Every change of level; never called without optimization. */
  onLevel(level: MemoryLevel): void
  readonly settings: MemorySettings
}

export class MemoryManager {
  readonly #deps: MemoryManagerDeps
  readonly #cleanup: MemoryCleanup
  #state = policy.initialMemoryState()
  #lifecycle: 'new' | 'running' | 'stopped' = 'new'
  #timer: Timer | undefined
  #runningCleanup: Promise<void> | undefined
  #sample: MemorySample | undefined
  #sampledAtMs: number | undefined
  #isMeasuring = true
  #alerts: MemoryAlert[] = []
  #cleanups = 0
  #lastCleanup: CleanupReport | undefined
  #lastRecycle: RecycleRequest | undefined

  constructor(deps: MemoryManagerDeps) {
    this.#deps = deps
    this.#cleanup = new MemoryCleanup({
      clock: deps.clock,
      logger: deps.logger,
      reclaimers: deps.reclaimers,
      collectGarbage: () => deps.probe.collectGarbage(),
      reclaimTimeoutMs: deps.settings.reclaimTimeoutMs,
    })
  }

  /** Takes the first sample at once. May be called again after it threw. */
  start(): void {
    assert(this.#lifecycle === 'new', `memory manager started while ${this.#lifecycle}`)
    this.#timer?.cancel()
    this.#tick()
    this.#lifecycle = 'running'
  }

  /** Waits for a cleanup under way, for one reclaimer at most; a recycle's answer is not waited for. */
  async stop(): Promise<void> {
    this.#lifecycle = 'stopped'
    this.#timer?.cancel()
    await this.#runningCleanup
  }

  isHeavyWorkAllowed(): boolean {
    return policy.allowsHeavyWork(this.#state.level, this.#deps.settings)
  }

  report(): MemoryReport {
    const { settings } = this.#deps
    return {
      isOptimizationEnabled: settings.isEnabled,
      isHeavyWorkAllowed: this.isHeavyWorkAllowed(),
      quotaBytes: settings.quotaBytes,
      level: this.#state.level,
      percent: this.#sample === undefined ? undefined : this.#percent(),
      sample: this.#sample,
      sampledAtMs: this.#sampledAtMs,
      isMeasuring: this.#isMeasuring,
      alerts: this.#alerts,
      cleanups: this.#cleanups,
      lastCleanup: this.#lastCleanup,
      lastRecycle: this.#lastRecycle,
    }
  }

  #tick(): void {
    const { clock, settings } = this.#deps
    this.#timer = clock.setTimer('memory.sample', settings.sampleIntervalMs, () => this.#tick())
    if (this.#measure()) this.#assess()
  }

  /** False when there is no new sample. */
  #measure(): boolean {
    try {
      this.#sample = this.#deps.probe.sample()
      this.#sampledAtMs = this.#deps.clock.nowMs()
      if (!this.#isMeasuring) this.#deps.logger.info('memory.measuring-again')
      this.#isMeasuring = true
    } catch (error) {
      if (this.#isMeasuring)
        this.#deps.logger.error('memory.measuring-failed', { reason: errorMessageOf(error) })
      this.#isMeasuring = false
    }
    return this.#isMeasuring
  }

  #assess(): void {
    const { clock, logger, settings } = this.#deps
    if (this.#sample === undefined || this.#lifecycle === 'stopped') return
    const from = this.#state.level
    const { state, level, effects } = policy.assessMemory(
      this.#state,
      this.#sample,
      settings,
      clock.monotonicMs(),
    )
    this.#state = state
    if (level !== from) {
      logger.info('memory.level', {
        from,
        to: level,
        percent: this.#percent(),
        measure: this.#sample.measure,
      })
      if (settings.isEnabled) this.#deps.onLevel(level)
    }
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: MemoryEffect): void {
    switch (effect.type) {
      case 'alert':
        this.#alert(effect.kind)
        return
      case 'cleanup':
        // One at a time: a cleanup under way sees for itself that this has become an emergency.
        this.#runningCleanup ??= this.#clean()
        return
      case 'recycle':
        void this.#askRecycle(effect.reason)
        return
      default:
        effect satisfies never
    }
  }

  #alert(kind: AlertKind): void {
    const percent = this.#percent()
    this.#alerts = [...this.#alerts, { kind, atMs: this.#deps.clock.nowMs(), percent }].slice(-MAX_ALERTS)
    if (kind === 'all-clear') this.#deps.logger.info('memory.alert', { kind, percent })
    else this.#deps.logger.warn('memory.alert', { kind, percent })
  }

  async #clean(): Promise<void> {
    const { logger, settings } = this.#deps
    const targetPercent = settings.cleanupPercent - settings.hysteresisPercent
    const report = await this.#cleanup.run({
      measureBytes: () => (this.#measure(), this.#sample?.usedBytes ?? 0),
      level: () => (this.#state.level === 'emergency' ? 'emergency' : 'cleanup'),
      isStopped: () => this.#lifecycle === 'stopped',
      targetBytes: (settings.quotaBytes * targetPercent) / 100,
    })
    this.#runningCleanup = undefined
    this.#lastCleanup = report
    this.#cleanups += 1
    const { level, durationMs, beforeBytes, afterBytes, freedBytes } = report
    logger.info('memory.cleanup', { urgency: level, durationMs, beforeBytes, afterBytes, freedBytes })
    const wasIneffective = policy.isCleaningIneffective(this.#state)
    this.#state = policy.noteCleanup(this.#state, report, settings)
    if (!wasIneffective && policy.isCleaningIneffective(this.#state)) {
      logger.warn('memory.cleanup-ineffective', { freedBytes, percent: this.#percent() })
    }
    this.#assess()
  }

  async #askRecycle(reason: RecycleReason): Promise<void> {
    const { clock, logger } = this.#deps
    const atMs = clock.nowMs()
    this.#lastRecycle = { reason, atMs, answer: 'pending' }
    logger.warn('memory.recycle-requested', { reason, percent: this.#percent() })
    try {
      const answer = await this.#deps.requestRecycle()
      this.#lastRecycle = { reason, atMs, answer: answer.status }
      if (answer.status === 'refused') this.#refused(answer.retryAfterMs)
    } catch (error) {
      this.#lastRecycle = { reason, atMs, answer: 'failed' }
      logger.error('memory.recycle-failed', { reason: errorMessageOf(error) })
      this.#refused(FAILED_RECYCLE_RETRY_MS)
    }
  }

  #refused(retryAfterMs: number): void {
    this.#deps.logger.warn('memory.recycle-refused', { retryAfterMs })
    this.#state = policy.noteRecycleRefused(this.#state, retryAfterMs, this.#deps.clock.monotonicMs())
  }

  /** To one decimal, as people read it; decisions use the bytes. */
  #percent(): number {
    return Math.round(((this.#sample?.usedBytes ?? 0) / this.#deps.settings.quotaBytes) * 1000) / 10
  }
}
