/**
 * Whether two levels agree on which key event comes before which. At each level an order is what all its runs agree
 * on; events a moment apart have none, as real processes and the machine's load put them now so, now so. Pure.
 */

import type { KeyEvent } from './key-events.ts'

/** Closer than this counts as together. */
const TOGETHER_MS = 1_000

export interface OrderFinding {
  /** Events that every run of one level has and none of the other. */
  readonly onlyReal: readonly string[]
  readonly onlyVirtual: readonly string[]
  /** Each: in which phase, and which of two events comes first at the real level but last in the virtual world. */
  readonly reversed: readonly { readonly phase: number; readonly first: string; readonly second: string }[]
  /** Pairs that both levels had to say something of. */
  readonly comparedPairs: number
}

/** @param real key events of each run; neither list empty */
export function compareOrder(
  real: readonly (readonly KeyEvent[])[],
  virtual: readonly (readonly KeyEvent[])[],
): OrderFinding {
  const pairs = pairsOf(real).map((pair) => ({
    ...pair,
    atReal: orderIn(real, pair),
    inVirtual: orderIn(virtual, pair),
  }))
  const compared = pairs.filter(({ atReal, inVirtual }) => atReal !== 'none' && inVirtual !== 'none')
  return {
    onlyReal: namesInAll(real).filter((name) => !namesInAny(virtual).has(name)),
    onlyVirtual: namesInAll(virtual).filter((name) => !namesInAny(real).has(name)),
    reversed: compared
      .filter(({ atReal, inVirtual }) => atReal === 'before' && inVirtual === 'after')
      .map(({ phase, first, second }) => ({ phase, first, second })),
    comparedPairs: compared.length / 2,
  }
}

interface Pair {
  readonly phase: number
  readonly first: string
  readonly second: string
}

/** Both ways round, of all events that share a phase in some run. */
function pairsOf(runs: readonly (readonly KeyEvent[])[]): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const events of runs) {
    for (const { name: first, phase } of events) {
      for (const other of events) {
        if (other.phase !== phase || other.name === first) continue
        pairs.set(`${phase} ${first} < ${other.name}`, { phase, first, second: other.name })
      }
    }
  }
  return [...pairs.values()]
}

/** `none`: its runs do not agree, or none has both. */
function orderIn(
  runs: readonly (readonly KeyEvent[])[],
  { phase, first, second }: Pair,
): 'before' | 'after' | 'none' {
  const orders = new Set<'before' | 'after' | 'none'>()
  for (const events of runs) {
    const at = (name: string): number | undefined =>
      events.find((event) => event.name === name && event.phase === phase)?.atMs
    const [a, b] = [at(first), at(second)]
    if (a === undefined || b === undefined) continue
    orders.add(Math.abs(a - b) < TOGETHER_MS ? 'none' : a < b ? 'before' : 'after')
  }
  const [only] = orders
  return orders.size === 1 && only !== undefined ? only : 'none'
}

function namesInAny(runs: readonly (readonly KeyEvent[])[]): Set<string> {
  return new Set(runs.flatMap((events) => events.map(({ name }) => name)))
}

function namesInAll(runs: readonly (readonly KeyEvent[])[]): string[] {
  const everywhere = (name: string): boolean =>
    runs.every((events) => events.some((event) => event.name === name))
  return [...namesInAny(runs)].filter(everywhere).toSorted()
}
