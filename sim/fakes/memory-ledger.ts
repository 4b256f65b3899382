/**
 * The memory of one process of the virtual world, as sums of bytes in named accounts. It knows no objects
 * and no time: messages, contacts, balloons and collections change the sums, and the total is always at
 * hand. Surprising: freed small native blocks stay with the process, as glibc keeps them, and only further
 * small blocks use them again.
 */

import assert from 'node:assert/strict'
import type { MemoryProbe } from '../../src/ports/memory-probe.ts'
import type { Reclaimer } from '../../src/ports/reclaimer.ts'
import type { PrngStream } from '../world/prng.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import { CACHES, CACHE_NAMES, EARLY_MESSAGES, LEDGER_CONSTANTS, MB_BYTES } from './ledger-constants.ts'
import type { BlockSize, CacheName, LedgerConstant } from './ledger-constants.ts'

/**
 * What a balloon takes. `heap` becomes garbage when released; `external` (large buffers) returns at once;
 * `small-blocks` leaves a share stuck; `garbage` is dropped as soon as it is made, in large buffers that V8
 * collects when there is enough of them; `cache` can be shed by a reclaimer.
 */
export type BalloonKind = 'heap' | 'external' | 'small-blocks' | 'garbage' | 'cache'

const GARBAGE_OF = { heap: 'heap-garbage', large: 'large-garbage', small: 'small-garbage' } as const
/** Where a balloon's bytes are held, and what they become when it lets go. */
const BALLOON_ACCOUNTS = {
  heap: { held: 'balloon-heap', released: 'heap-garbage' },
  external: { held: 'balloon-external', released: undefined },
  'small-blocks': { held: 'balloon-small-blocks', released: 'small-garbage' },
  garbage: { held: 'large-garbage', released: 'large-garbage' },
  cache: { held: 'plugin-host', released: 'large-garbage' },
} as const

export type LedgerAccount =
  | 'base'
  | 'live'
  | 'stuck'
  | (typeof GARBAGE_OF)[BlockSize]
  | (typeof BALLOON_ACCOUNTS)[BalloonKind]['held']
  | CacheName

const CACHE_ENTRIES = CACHE_NAMES.map((name) => ({ name, ...CACHES[name] }))
const { constants } = LEDGER_CONSTANTS

/** What lives in each process from its start; in both together for a world without a supervisor of its own. */
export const LEDGER_BASE_BYTES = {
  supervisor: constants.supervisorBaseMb.value * MB_BYTES,
  bot: constants.botBaseMb.value * MB_BYTES,
  'whole-dyno': (constants.supervisorBaseMb.value + constants.botBaseMb.value) * MB_BYTES,
} as const
const START_GARBAGE_BYTES = constants.startGarbageMb.value * MB_BYTES
const SMALL_BLOCKS_PER_COLLECTION_BYTES = constants.smallBlocksPerCollectionMb.value * MB_BYTES

export interface MemoryLedgerOptions {
  readonly role: keyof typeof LEDGER_BASE_BYTES
  /** Draws, once, at how much garbage of each kind V8 collects by itself. */
  readonly stream: PrngStream
}

export class MemoryLedger {
  readonly #bytes: Record<LedgerAccount, number>
  readonly #garbageLimitBytes: number
  readonly #largeGarbageLimitBytes: number
  #totalBytes: number
  #committedHeapBytes: number
  /** Of collections under way: gone for the process, which stands still, and still there for everybody else. */
  #leavingBytes = 0
  /** Small blocks grown since the last collection. */
  #smallGrownBytes = 0
  #messages = 0

  constructor(options: MemoryLedgerOptions) {
    const { garbageLimitLowMb, garbageLimitHighMb, heapRatioAtStart } = constants
    const { largeGarbageLimitLowMb, largeGarbageLimitHighMb } = constants
    const draw = (low: LedgerConstant, high: LedgerConstant): number =>
      options.stream.integer(low.value * MB_BYTES, high.value * MB_BYTES)
    this.#totalBytes = LEDGER_BASE_BYTES[options.role]
    this.#bytes = emptyAccounts(this.#totalBytes)
    if (options.role !== 'supervisor') this.#add('heap-garbage', START_GARBAGE_BYTES)
    this.#garbageLimitBytes = draw(garbageLimitLowMb, garbageLimitHighMb)
    this.#largeGarbageLimitBytes = draw(largeGarbageLimitLowMb, largeGarbageLimitHighMb)
    this.#committedHeapBytes = Math.round(this.#heapUsedBytes() / heapRatioAtStart.value)
  }

  /** The process's share of the dyno's memory, as it sees it itself. A field's read: cheap. */
  totalBytes(): number {
    return this.#totalBytes
  }

  /** As the platform sees it: a collection gives memory back when it ends. */
  residentBytes(): number {
    return this.#totalBytes + this.#leavingBytes
  }

  /** The sums behind the total; a copy, for reports and tests. */
  accounts(): Readonly<Record<LedgerAccount, number>> {
    return { ...this.#bytes }
  }

  /** One message in or out: caches grow, garbage is made, and V8 collects when that is enough. */
  onMessage(): void {
    const { liveBytesPerEarlyMessage, liveBytesPerLaterMessage, garbageBytesPerMessage } = constants
    this.#messages += 1
    const isEarly = this.#messages <= EARLY_MESSAGES
    this.#add('live', isEarly ? liveBytesPerEarlyMessage.value : liveBytesPerLaterMessage.value)
    for (const cache of CACHE_ENTRIES) {
      const roomBytes = cache.capBytes - this.#bytes[cache.name]
      if (roomBytes > 0) this.#grow(cache.name, Math.min(roomBytes, cache.bytesPerMessage), cache.blocks)
    }
    this.#add('heap-garbage', garbageBytesPerMessage.value)
    this.#collectWhenDue()
  }

  /** A chat partner never met before by this process. */
  onContact(): void {
    this.#add('live', constants.liveBytesPerContact.value)
  }

  /**
   * Takes `byBytes` more for a balloon, or lets go of so many (negative), at most what is held. Relative,
   * so that several balloons of one kind add up, and what a collection or a reclaimer took stays taken.
   */
  adjustBalloon(kind: BalloonKind, byBytes: number): void {
    const { held, released } = BALLOON_ACCOUNTS[kind]
    if (byBytes >= 0) {
      this.#grow(held, byBytes, kind === 'small-blocks' ? 'small' : 'large')
      if (kind === 'heap')
        this.#add('heap-garbage', Math.round(byBytes * constants.garbagePerHeapGrowth.value))
      if (kind === 'small-blocks') this.#smallGrownBytes += byBytes
      this.#collectWhenDue()
      return
    }
    const letGoBytes = Math.min(-byBytes, this.#bytes[held])
    this.#add(held, -letGoBytes)
    if (released !== undefined) this.#add(released, letGoBytes)
  }

  /** A cache's bytes become garbage: nothing is back before the next collection. */
  shed(cache: CacheName): void {
    const bytes = this.#bytes[cache]
    this.#add(cache, -bytes)
    this.#add(GARBAGE_OF[CACHES[cache].blocks], bytes)
  }

  /** A full collection; returns how many bytes went back to the system. */
  collectGarbage(): number {
    const beforeBytes = this.#totalBytes
    const smallBytes = this.#bytes['small-garbage']
    const stuckBytes = Math.round(smallBytes * constants.stuckShare.value)
    this.#add('heap-garbage', -this.#bytes['heap-garbage'])
    this.#add('large-garbage', -this.#bytes['large-garbage'])
    this.#add('small-garbage', -smallBytes)
    this.#add('stuck', stuckBytes)
    this.#smallGrownBytes = 0
    this.#committedHeapBytes = Math.round(this.#heapUsedBytes() / constants.heapRatioAfterGc.value)
    return beforeBytes - this.#totalBytes
  }

  /** The memory port of `process`; `dynoTotal` gives the bytes of all processes of its dyno. */
  memoryProbe(process: VirtualProcess, dynoTotal: () => number): MemoryProbe {
    return {
      sample: () => {
        process.assertUsable('memory-probe.sample')
        const heapUsedBytes = this.#heapUsedBytes()
        const leastBytes = Math.ceil(heapUsedBytes / constants.heapRatioAtMost.value)
        this.#committedHeapBytes = Math.max(this.#committedHeapBytes, leastBytes)
        return {
          usedBytes: dynoTotal(),
          measure: 'pss',
          heapUsedBytes,
          heapTotalBytes: this.#committedHeapBytes,
        }
      },
      collectGarbage: () => {
        if (!process.assertUsable('memory-probe.collectGarbage')) return true
        const freedBytes = this.collectGarbage()
        this.#leavingBytes += freedBytes
        process.stall(constants.collectionMs.value, () => (this.#leavingBytes -= freedBytes))
        return true
      },
    }
  }

  /** One reclaimer for each cache, cheapest first. */
  reclaimers(process: VirtualProcess): Reclaimer[] {
    return CACHE_ENTRIES.map(({ name, cost }) => ({
      name,
      cost,
      reclaim: () => {
        if (process.assertUsable(`reclaimer.${name}`)) this.shed(name)
      },
    }))
  }

  #collectWhenDue(): void {
    const isDue =
      this.#bytes['heap-garbage'] > this.#garbageLimitBytes ||
      this.#bytes['large-garbage'] > this.#largeGarbageLimitBytes ||
      this.#smallGrownBytes > SMALL_BLOCKS_PER_COLLECTION_BYTES
    if (isDue) this.collectGarbage()
  }

  /** Small blocks come out of what is stuck first. */
  #grow(account: LedgerAccount, byBytes: number, blocks: BlockSize): void {
    if (blocks === 'small') this.#add('stuck', -Math.min(this.#bytes.stuck, byBytes))
    this.#add(account, byBytes)
  }

  #add(account: LedgerAccount, byBytes: number): void {
    assert(Number.isSafeInteger(byBytes), `${account}: ${byBytes} bytes`)
    this.#bytes[account] += byBytes
    this.#totalBytes += byBytes
  }

  #heapUsedBytes(): number {
    const bytes = this.#bytes
    const heapBaseBytes = constants.heapBaseMb.value * MB_BYTES
    const cachesBytes = bytes['sent-messages'] + bytes['whatsapp-caches']
    return heapBaseBytes + bytes.live + bytes['heap-garbage'] + bytes['balloon-heap'] + cachesBytes
  }
}

function emptyAccounts(baseBytes: number): Record<LedgerAccount, number> {
  return {
    base: baseBytes,
    live: 0,
    stuck: 0,
    'heap-garbage': 0,
    'large-garbage': 0,
    'small-garbage': 0,
    'balloon-heap': 0,
    'balloon-external': 0,
    'balloon-small-blocks': 0,
    'sent-messages': 0,
    'plugin-host': 0,
    'whatsapp-caches': 0,
  }
}
