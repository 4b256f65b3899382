/** The order of start-up steps: checks the table of steps, and picks the step whose turn it is. */

import assert from 'node:assert/strict'

export interface OrderedStep {
  readonly name: string
  /** Steps that must be settled and usable before this one. */
  readonly needs: readonly string[]
  /** Delay after its needs were settled. */
  readonly startAfterMs?: number
}

/** The step to run next, and how long to wait before; undefined when all are settled. */
export interface Turn {
  readonly name: string
  readonly waitMs: number
}

/** An unknown need, a name used twice or a cycle is a mistake in the code: it ends the process. */
export function assertOrder(steps: readonly OrderedStep[]): void {
  const names = new Set(steps.map(({ name }) => name))
  assert(
    names.size === steps.length,
    `two start-up steps share a name: ${steps.map(({ name }) => name).join(', ')}`,
  )
  for (const { name, needs } of steps) {
    for (const need of needs) assert(names.has(need), `start-up step ${name} needs ${need}, which is no step`)
  }
  const placed = new Set<string>()
  for (let round = 0; round < steps.length; round++) {
    const next = steps.find(({ name, needs }) => !placed.has(name) && needs.every((need) => placed.has(need)))
    if (next !== undefined) placed.add(next.name)
  }
  const cyclic = [...names].filter((name) => !placed.has(name))
  assert(cyclic.length === 0, `start-up steps need each other in a circle: ${cyclic.join(', ')}`)
}

/**
 * The first step in table order whose needs are settled and whose delay is over; while there is none, the
 * one whose delay ends first. A delayed step so lets those pass that do not need it.
 * @param settledAtMs when each settled step was settled
 */
export function nextTurn(
  steps: readonly OrderedStep[],
  settledAtMs: ReadonlyMap<string, number>,
  startedAtMs: number,
  nowMs: number,
): Turn | undefined {
  let next: Turn | undefined
  for (const { name, needs, startAfterMs = 0 } of steps) {
    if (settledAtMs.has(name) || !needs.every((need) => settledAtMs.has(need))) continue
    const needsSettledMs = Math.max(startedAtMs, ...needs.map((need) => settledAtMs.get(need) ?? startedAtMs))
    const waitMs = Math.max(0, needsSettledMs + startAfterMs - nowMs)
    if (next === undefined || waitMs < next.waitMs) next = { name, waitMs }
  }
  return next
}
