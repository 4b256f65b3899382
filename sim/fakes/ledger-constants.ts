/**
 * The memory ledger's figures, each with unit and source: measured, taken from the bot's own bounds, or assumed. What
 * they come to was compared with real runs, docs/results/calibration.json; reports say how far that holds.
 */

export const MB_BYTES = 1_048_576

export interface LedgerConstant {
  readonly value: number
  readonly unit: 'MB' | 'bytes' | 'share' | 'ms'
  readonly source: string
}

/** With many processes beside it that run by the same Node, and so share pages with it, the same dyno shows 95 to 129 MB. */
const IDLE = 'measured at the real level, by a Node of its own: 137 to 144 MB Pss at rest'
const MESSAGES = 'measured: 10,000 to 30,000 messages of one contact through a connected Baileys'
const BALLOON = 'docs/memory-balloon.md, Node 24'
const HEAP = `${BALLOON}: beside a heap that grows by 5 MB a second lie 53 to 105 MB, however large it is`
const LARGE_GARBAGE = `${BALLOON}: 40 MB a second of large Buffers, dropped at once, add 20 to 40 MB`

export const LEDGER_CONSTANTS = {
  /** The scenarios that it was not fitted on lie in their bands, by ten real runs each: a test holds it to that. */
  isCalibrated: true,
  note: 'calibrated: `npm run lab -- conform` compares it with real runs, docs/results/calibration.json',
  constants: {
    supervisorBaseMb: { value: 38, unit: 'MB', source: IDLE },
    /** What lives of it. */
    botBaseMb: { value: 78, unit: 'MB', source: IDLE },
    /** Beside it, until the first collection. */
    startGarbageMb: {
      value: 28,
      unit: 'MB',
      source: 'measured: a first collection takes 24 to 30 MB from a dyno that has just started',
    },
    /** The part of the bot's base that V8 calls its heap. */
    heapBaseMb: { value: 25, unit: 'MB', source: 'measured: heapUsed of a connected, idle Baileys' },
    liveBytesPerEarlyMessage: {
      value: 115,
      unit: 'bytes',
      source: `${MESSAGES}: +1.1 MB for the first 10,000`,
    },
    liveBytesPerLaterMessage: { value: 11, unit: 'bytes', source: `${MESSAGES}: +0.1 MB per further 10,000` },
    liveBytesPerContact: {
      value: 3_250,
      unit: 'bytes',
      source: 'measured: 10,000 distinct contacts take 31 MB, key store and Baileys together',
    },
    garbageBytesPerMessage: {
      value: 180_000,
      unit: 'bytes',
      source: 'fitted: a flood of 300 commands takes a dyno from 136 to 183 MB',
    },
    /** A heap that grows by so much leaves so much garbage beside it, up to V8's limit. */
    garbagePerHeapGrowth: { value: 1, unit: 'share', source: HEAP },
    garbageLimitLowMb: {
      value: 70,
      unit: 'MB',
      source: 'fitted: as above, with the garbage of the start',
    },
    garbageLimitHighMb: {
      value: 88,
      unit: 'MB',
      source: `${MESSAGES}: RSS is 50 to 65 MB above that of an idle bot, and stays so`,
    },
    largeGarbageLimitLowMb: { value: 20, unit: 'MB', source: LARGE_GARBAGE },
    largeGarbageLimitHighMb: { value: 40, unit: 'MB', source: LARGE_GARBAGE },
    /** Small native blocks that grow by so much make V8 collect, though they are held themselves. */
    smallBlocksPerCollectionMb: {
      value: 64,
      unit: 'MB',
      source: "V8's soft limit for external memory; under small blocks a first cleanup finds 11 MB, not 40",
    },
    /** The process stands still meanwhile. */
    collectionMs: {
      value: 240,
      unit: 'ms',
      source: 'measured: half the cleanups of the real runs it is fitted on take longer (82 to 580 ms)',
    },
    /** Of small native blocks freed, so much stays with the process for its next small blocks. */
    stuckShare: { value: 0.85, unit: 'share', source: `${BALLOON}: of small blocks about 85 % stayed` },
    /** heapUsed / heapTotal moves between these two. */
    heapRatioAfterGc: { value: 0.62, unit: 'share', source: "seen in a bot's own log as normal for V8" },
    heapRatioAtMost: { value: 0.95, unit: 'share', source: "seen in a bot's own log as normal for V8" },
    heapRatioAtStart: { value: 0.84, unit: 'share', source: 'measured, Node 20: idle' },
  } satisfies Record<string, LedgerConstant>,
} as const

/** Messages after which live growth per message falls off. */
export const EARLY_MESSAGES = 10_000

/** What becomes of shed bytes: `small` ones leave a share stuck when they are collected. */
export type BlockSize = 'heap' | 'large' | 'small'

export interface CacheConstants {
  readonly blocks: BlockSize
  readonly bytesPerMessage: number
  readonly capBytes: number
  /** What giving it up costs the user, 0 to 100. */
  readonly cost: number
}

/** The bot's own, by its names, cheapest first. `plugin-host` holds what balloons put there, and nothing else. */
export const CACHE_NAMES = ['sent-messages', 'plugin-host', 'whatsapp-caches'] as const
export type CacheName = (typeof CACHE_NAMES)[number]

/** Costs and caps: the bot's own. Bytes a message: an id, a short text and a map's slot. */
export const CACHES: Readonly<Record<CacheName, CacheConstants>> = {
  'sent-messages': { blocks: 'heap', bytesPerMessage: 500, capBytes: MB_BYTES / 4, cost: 5 },
  'plugin-host': { blocks: 'large', bytesPerMessage: 0, capBytes: 0, cost: 5 },
  'whatsapp-caches': { blocks: 'heap', bytesPerMessage: 300, capBytes: MB_BYTES / 2, cost: 10 },
}
