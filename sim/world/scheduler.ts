/**
 * The virtual world's one time line: events in a heap ordered by (time, order of scheduling). Between two
 * events every promise chain that can run has run. An event may carry a gate, the promise of a real result;
 * the clock does not pass such an event until its result has really arrived, so real latency never leaks
 * into virtual time. Housekeeping, the lab's own marks and samples, is told from what somebody waits for.
 */

import assert from 'node:assert/strict'

/** Something scheduled; cancelling twice or late is harmless. */
export interface ScheduledEvent {
  readonly atMs: number
  readonly label: string
  cancel(): void
}

export interface SchedulerStop {
  /**
   * `reached`: the end of the span. `deadlock`: nothing is scheduled any more. `stuck`: the clock stands,
   * because each event brings another at the same moment. `stopped`: by `stop()`.
   */
  readonly reason: 'reached' | 'deadlock' | 'stuck' | 'stopped'
  /** Of the event that came next, when stuck. */
  readonly label?: string
}

/** Events scheduled, neither run nor cancelled, without housekeeping. */
interface Alive {
  count: number
}

class Event implements ScheduledEvent {
  readonly atMs: number
  readonly order: number
  readonly label: string
  readonly gate: Promise<void> | undefined
  /** Undefined for housekeeping. */
  readonly #alive: Alive | undefined
  #action: (() => void) | undefined

  constructor(
    atMs: number,
    order: number,
    label: string,
    action: () => void,
    gate: Promise<void> | undefined,
    alive: Alive | undefined,
  ) {
    this.atMs = atMs
    this.order = order
    this.label = label
    this.#action = action
    this.gate = gate
    this.#alive = alive
    if (alive !== undefined) alive.count += 1
  }

  get isDue(): boolean {
    return this.#action !== undefined
  }

  /** Its action, once; undefined when it was cancelled or taken before. */
  take(): (() => void) | undefined {
    const action = this.#action
    this.#action = undefined
    if (action !== undefined && this.#alive !== undefined) this.#alive.count -= 1
    return action
  }

  cancel(): void {
    this.take()
  }
}

/** After so many events the real event loop gets a turn, so that Ctrl-C and progress lines work. */
const EVENTS_PER_REAL_TURN = 2_000
/** So many events at one moment are no burst any more: five thousand waiting messages make a few thousand. */
const MAX_EVENTS_AT_ONE_MOMENT = 100_000

export class Scheduler {
  readonly #heap: Event[] = []
  #order = 0
  #nowMs = 0
  #executedEvents = 0
  readonly #alive: Alive = { count: 0 }
  /** Events executed since the clock last moved. */
  #eventsAtThisMoment = 0
  #isStopped = false

  /** Virtual ms since the world began. */
  get nowMs(): number {
    return this.#nowMs
  }

  get executedEvents(): number {
    return this.#executedEvents
  }

  /** True when nothing but housekeeping is scheduled: nobody waits for anything that can come. */
  get isIdle(): boolean {
    return this.#alive.count === 0
  }

  /** Runs `action` `delayMs` (≥ 0) from now; with a gate, not before the gate has resolved. */
  schedule(label: string, delayMs: number, action: () => void, gate?: Promise<void>): ScheduledEvent {
    assert(delayMs >= 0, `negative delay ${delayMs} for ${label}`)
    return this.#add(new Event(this.#nowMs + delayMs, this.#order++, label, action, gate, this.#alive))
  }

  /** For the lab's own marks and samples, for which nobody in the world waits. */
  scheduleHousekeeping(label: string, delayMs: number, action: () => void): ScheduledEvent {
    return this.#add(new Event(this.#nowMs + delayMs, this.#order++, label, action, undefined, undefined))
  }

  /** Ends the run after the event under way. */
  stop(): void {
    this.#isStopped = true
  }

  /** Runs all events up to and including `untilMs`. An action that throws ends the run with its error. */
  async run(untilMs: number): Promise<SchedulerStop> {
    await drainMicrotasks()
    for (;;) {
      if (this.#isStopped) return { reason: 'stopped' }
      const event = this.#heap[0]
      if (event === undefined) return { reason: 'deadlock' }
      if (!event.isDue) {
        this.#pop()
        continue
      }
      if (event.atMs > untilMs) break
      if (event.gate !== undefined) {
        // Nothing else runs meanwhile: promise chains are drained, and the clock stands.
        await event.gate
      }
      this.#pop()
      const action = event.take()
      if (action === undefined) continue
      this.#moveTo(event.atMs)
      if (this.#eventsAtThisMoment > MAX_EVENTS_AT_ONE_MOMENT) return { reason: 'stuck', label: event.label }
      action()
      await drainMicrotasks()
      if (this.#executedEvents % EVENTS_PER_REAL_TURN === 0) await realTurn()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
    return { reason: 'reached' }
  }

  #moveTo(atMs: number): void {
    this.#eventsAtThisMoment = atMs === this.#nowMs ? this.#eventsAtThisMoment + 1 : 0
    this.#nowMs = atMs
    this.#executedEvents += 1
  }

  /** Labels of what is still scheduled, soonest first: for the report of a deadlock or a leak. */
  pendingLabels(limit: number): string[] {
    return this.#heap
      .filter((event) => event.isDue)
      .toSorted(compareEvents)
      .slice(0, limit)
      .map((event) => `${event.label}@${event.atMs}`)
  }

  #add(event: Event): Event {
    this.#push(event)
    return event
  }

  #push(event: Event): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || compareEvents(parent, event) <= 0) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      if (child === undefined) break
      const right = heap[childIndex + 1]
      if (right !== undefined && compareEvents(right, child) < 0) {
        child = right
        childIndex += 1
      }
      if (compareEvents(last, child) <= 0) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function compareEvents(a: Event, b: Event): number {
  return a.atMs - b.atMs || a.order - b.order
}

/**
 * Resolves when no promise chain can go on without an event: Node runs a nextTick callback only after the
 * microtask queue is empty. Three times cheaper than a setImmediate turn, and enough, because bot logic has
 * no other source of work than its ports.
 */
function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

function realTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
