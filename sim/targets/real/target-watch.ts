/**
 * Gathers what a dyno shows of a target, for `targetTroubles`: it listens to the simulator and keeps the last lines.
 * What the fake WhatsApp and the preload know is asked for when the troubles are.
 */

import type { DynoEvent } from '../../dyno/real/dyno-event.ts'
import type { LogLine } from '../../dyno/real/log-line.ts'
import { BoundedList } from '../../whatsapp/bounded-list.ts'
import type { TruthSnapshot } from '../../whatsapp/truth-snapshot.ts'
import type { PreloadReport } from './preload-reports.ts'
import { targetTroubles } from './target-troubles.ts'
import type { TargetObservation, TargetTrouble } from './target-troubles.ts'

const KEPT_LINES = 100

export class TargetWatch {
  readonly #target: Pick<TargetObservation, 'command' | 'image'>
  readonly #lines = new BoundedList<string>(KEPT_LINES)
  #startedAtMs: number | undefined
  #exit: TargetObservation['exit']
  #leftProcesses = 0
  #ignoredSigterms = 0

  constructor(target: Pick<TargetObservation, 'command' | 'image'>) {
    this.#target = target
  }

  observe(event: DynoEvent): void {
    if (event.kind === 'started') this.#startedAtMs ??= event.atMs
    if (event.kind !== 'ended') return
    const { cause, status, sweptProcesses } = event.end
    if (cause === 'exit') this.#exit ??= { status, afterMs: event.atMs - (this.#startedAtMs ?? event.atMs) }
    if (cause === 'r12') this.#ignoredSigterms += 1
    this.#leftProcesses += sweptProcesses
  }

  observeLine({ source, process, text }: LogLine): void {
    if (source === 'app' && process.startsWith('web.')) this.#lines.push(text)
  }

  /**
   * What is wrong so far. Cheap enough to be asked several times a second until the target is linked; after that
   * only notes can come.
   * @param atMs now, on the clock of the simulator's events
   */
  troubles(
    { connections }: Pick<TruthSnapshot, 'connections'>,
    preload: PreloadReport,
    atMs = performance.timeOrigin + performance.now(),
  ): readonly TargetTrouble[] {
    return targetTroubles({
      ...this.#target,
      watchedMs: this.#startedAtMs === undefined ? 0 : atMs - this.#startedAtMs,
      exit: this.#exit,
      connections: connections.length,
      logins: connections.filter(({ loggedInAtMs }) => loggedInAtMs !== undefined).length,
      preload,
      lines: this.#lines.toArray(),
      leftProcesses: this.#leftProcesses,
      ignoredSigterms: this.#ignoredSigterms,
    })
  }
}
