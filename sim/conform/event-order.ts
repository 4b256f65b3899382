/**
 * Whether two levels agree on which key event comes before which, in each phase and, of the first of each name, over the
 * whole run, the beginnings of faults among them. At each level an order is what all its runs agree on; events a moment
 * apart have none, as real processes and the machine's load put them now so, now so. Pure.
 */

import { isFaultEvent } from './key-events.ts'
import type { KeyEvent } from './key-events.ts'

/** Closer than this counts as together. */
const TOGETHER_MS = 1_000

export interface OrderFinding {
  /** Events that every run of one level has and none of the other; faults apart, of which the verdict tells. */
  readonly onlyReal: readonly string[]
  readonly onlyVirtual: readonly string[]
  /**
   * Each: which of two events comes first at the real level but last in the virtual world, and in which phase; null: of
   * the first ones over the whole run.
   */
  readonly reversed: readonly {
    readonly phase: number | null
    readonly first: string
    readonly second: string
  }[]
  /** Pairs that both levels had to say something of. */
  readonly comparedPairs: number
  /** False: there was an order to compare, and nothing could be said of it. */
  readonly isCompared: boolean
}

/** @param real key events of each run; neither list empty */
export function compareOrder(
  real: readonly (readonly KeyEvent[])[],
  virtual: readonly (readonly KeyEvent[])[],
): OrderFinding {
  const pairs = pairsOf([...real, ...virtual]).map((pair) => ({
    ...pair,
    atReal: orderIn(real, pair),
    inVirtual: orderIn(virtual, pair),
  }))
  const compared = pairs.filter(({ atReal, inVirtual }) => atReal !== 'none' && inVirtual !== 'none')
  const [realNames, virtualNames] = [namesInAny(real), namesInAny(virtual)]
  return {
    onlyReal: namesInAll(real).filter((name) => !virtualNames.has(name)),
    onlyVirtual: namesInAll(virtual).filter((name) => !realNames.has(name)),
    reversed: compared
      .filter(({ atReal, inVirtual }) => atReal === 'before' && inVirtual === 'after')
      .map(({ phase, first, second }) => ({ phase, first, second })),
    comparedPairs: compared.length / 2,
    isCompared: compared.length > 0 || Math.max(realNames.size, virtualNames.size) < 2,
  }
}

interface Pair {
  readonly phase: number | null
  readonly first: string
  readonly second: string
}

/**
 * Both ways round: of all events that share a phase in some run, and of the first ones of a run that do not, as those
 * of one phase are compared there.
 */
function pairsOf(runs: readonly (readonly KeyEvent[])[]): Pair[] {
  const pairs = new Map<string, Pair>()
  const add = (phase: number | null, first: string, second: string): void => {
    pairs.set(`${phase} ${first} < ${second}`, { phase, first, second })
  }
  for (const events of runs) {
    const firsts = firstsOf(events)
    for (const one of events) {
      for (const other of events) {
        if (one.name === other.name) continue
        if (one.phase !== other.phase) {
          if (firsts.has(one) && firsts.has(other)) add(null, one.name, other.name)
        } else if (!isFaultEvent(one.name) && !isFaultEvent(other.name)) {
          add(one.phase, one.name, other.name)
        }
      }
    }
  }
  return [...pairs.values()]
}

function firstsOf(events: readonly KeyEvent[]): Set<KeyEvent> {
  const firsts = new Map<string, KeyEvent>()
  for (const event of events) if (!firsts.has(event.name)) firsts.set(event.name, event)
  return new Set(firsts.values())
}

/** `none`: its runs do not agree, or none has both. */
function orderIn(
  runs: readonly (readonly KeyEvent[])[],
  { phase, first, second }: Pair,
): 'before' | 'after' | 'none' {
  const orders = new Set<'before' | 'after' | 'none'>()
  for (const events of runs) {
    const at = (name: string): number | undefined =>
      events.find((event) => event.name === name && (phase === null || event.phase === phase))?.atMs
    const [a, b] = [at(first), at(second)]
    if (a === undefined || b === undefined) continue
    orders.add(Math.abs(a - b) < TOGETHER_MS ? 'none' : a < b ? 'before' : 'after')
  }
  const [only] = orders
  return orders.size === 1 && only !== undefined ? only : 'none'
}

function namesInAny(runs: readonly (readonly KeyEvent[])[]): Set<string> {
  return new Set(
    runs.flatMap((events) => events.map(({ name }) => name).filter((name) => !isFaultEvent(name))),
  )
}

function namesInAll(runs: readonly (readonly KeyEvent[])[]): string[] {
  const everywhere = (name: string): boolean =>
    runs.every((events) => events.some((event) => event.name === name))
  return [...namesInAny(runs)].filter(everywhere).toSorted()
}
