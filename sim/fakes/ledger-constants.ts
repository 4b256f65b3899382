/**
 * The memory ledger's figures, each with unit and source. They come from single measurements on one machine
 * and, where nothing was measured, from assumption: `isCalibrated` says so, and reports must say it too.
 */

export const MB_BYTES = 1_048_576

export interface LedgerConstant {
  readonly value: number
  readonly unit: 'MB' | 'bytes' | 'share'
  readonly source: string
}

const TWO_PROCESSES =
  'measured, Node 24: supervisor 75 MB RSS and connected bot 131 MB RSS are 133 MB Pss together'
const MESSAGES = 'measured: 10,000 to 30,000 messages of one contact through a connected Baileys'
const FREED_BLOCKS = 'measured, Node 20: 160 MB in 1 kB ArrayBuffers, dropped, two collections'

export const LEDGER_CONSTANTS = {
  isCalibrated: false,
  note: 'not yet calibrated',
  constants: {
    /** Shared pages are split evenly between the two. */
    supervisorBaseMb: { value: 38, unit: 'MB', source: TWO_PROCESSES },
    botBaseMb: { value: 95, unit: 'MB', source: TWO_PROCESSES },
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
    garbageBytesPerMessage: { value: 40_000, unit: 'bytes', source: 'assumed' },
    garbageLimitLowMb: {
      value: 20,
      unit: 'MB',
      source: `${MESSAGES}: heapUsed before a collection is 18 to 45 MB above that after it`,
    },
    garbageLimitHighMb: {
      value: 55,
      unit: 'MB',
      source: `${MESSAGES}: RSS is 50 to 65 MB above that of an idle bot, and stays so`,
    },
    /** Of small native blocks freed, so much stays with the process for its next small blocks. */
    stuckShare: { value: 0.9, unit: 'share', source: `${FREED_BLOCKS}: 205 of 225 MB stayed` },
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

/** Cheapest first. `plugin-cache` is filled by balloons alone. */
export const CACHE_NAMES = ['plugin-cache', 'media-buffers', 'group-metadata', 'message-cache'] as const
export type CacheName = (typeof CACHE_NAMES)[number]

/** Sizes and costs: all assumed. */
export const CACHES: Readonly<Record<CacheName, CacheConstants>> = {
  'plugin-cache': { blocks: 'large', bytesPerMessage: 0, capBytes: 0, cost: 5 },
  'media-buffers': { blocks: 'large', bytesPerMessage: 64_000, capBytes: 24 * MB_BYTES, cost: 10 },
  'group-metadata': { blocks: 'heap', bytesPerMessage: 1_000, capBytes: 4 * MB_BYTES, cost: 30 },
  'message-cache': { blocks: 'small', bytesPerMessage: 2_000, capBytes: 4 * MB_BYTES, cost: 50 },
}
