/**
 * Bots that must fail, for the reason that their programs say: small, real, on unmodified Baileys 7, written after
 * what is known of bots in the field. They come to the fake WhatsApp as anybody's bot does, by the preload.
 */

import { join } from 'node:path'
import type { AlwaysClaim } from '../../checkers/claim.ts'
import { preloadEnvironment } from './preload-environment.ts'
import type { RealTarget } from './real-target.ts'

const PROJECT = join(import.meta.dirname, '../../..')
const CONTROLS = join(import.meta.dirname, 'controls')

/** What only a bot's own word, or a known tree of processes, can tell. */
export const SEEN_FROM_INSIDE_ONLY: Readonly<Partial<Record<AlwaysClaim, string>>> = {
  'memory-acted-on': 'that a cleanup has begun is the word of a bot whose log the lab can read',
  'no-leaks': 'timers and listeners inside a process are not seen from outside',
  'one-bot-a-dyno': 'which of its processes is the bot is not known',
  'restarts-in-bounds': 'restarts inside the dyno are the word of a supervisor whose log the lab can read',
  'hangs-ended': 'needs a supervisor that declares its stall',
}

export const NEGATIVE_CONTROLS = ['before', 'gateway-naive', 'reset-on-open'] as const
export type NegativeControl = (typeof NEGATIVE_CONTROLS)[number]

const PROGRAMS: Readonly<Record<NegativeControl, { readonly file: string; readonly description: string }>> = {
  before: {
    file: 'before/index.ts',
    description: 'the old bot: reloads at once, judges memory by heap ratio, backs up every 15 minutes',
  },
  'gateway-naive': {
    file: 'gateway-naive.ts',
    description: 'connects anew at once, keeps its credentials in the database and its Signal keys nowhere',
  },
  'reset-on-open': {
    file: 'reset-on-open.ts',
    description: 'backs off, and forgets all failures whenever a connection opens',
  },
}

export function negativeControl(name: NegativeControl): RealTarget {
  const { file, description } = PROGRAMS[name]
  return {
    name,
    description,
    // By its place in the project, where its packages are found; what it writes goes into the copy it runs in.
    command: [process.execPath, join(CONTROLS, file)],
    appFolder: CONTROLS,
    copy: 'linked',
    image: undefined,
    mounts: [PROJECT],
    linking: 'qr',
    botProcess: name === 'before' ? 'before/main' : file,
    notJudged: SEEN_FROM_INSIDE_ONLY,
    environment: (places) => ({ DATABASE_URL: places.databaseUrl, ...preloadEnvironment(places) }),
  }
}
