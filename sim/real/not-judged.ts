/**
 * What cannot be judged from outside of real processes, and why: part of every result at the real level, so that
 * nobody takes silence for a proof.
 */

import type { AlwaysClaim } from '../checkers/claim.ts'
import type { RealTarget } from '../targets/real/real-target.ts'

/** Claims that a run at this level leaves out. */
export const NOT_JUDGED: Readonly<Partial<Record<AlwaysClaim, string>>> = {
  'phone-watched': 'days of silence are what it is about, and an hour lasts an hour here',
  'no-leaks': 'timers inside a process are not seen from outside; `npm run bench -- wire` counts them',
}

/** Claims of which a part is left out. */
export const JUDGED_IN_PART: Readonly<Partial<Record<AlwaysClaim, string>>> = {
  'session-integrity':
    'by what WhatsApp and the people see (pairings, keys used twice, messages unread); the store’s calls are not seen',
  'memory-acted-on':
    'that a cleanup was begun is the bot’s own word; the memory is the simulator’s measurement',
}

/** Whether a run of this target leaves the claim out. */
export function isNotJudged(claim: AlwaysClaim, target: RealTarget): boolean {
  return claim in NOT_JUDGED || claim in target.notJudged
}

export function notJudgedNotes(claims: readonly AlwaysClaim[], target: RealTarget): string[] {
  const reasons = { ...JUDGED_IN_PART, ...NOT_JUDGED, ...target.notJudged }
  return claims.flatMap((claim) => {
    const reason = reasons[claim]
    if (reason === undefined) return []
    return [`${claim}: ${isNotJudged(claim, target) ? 'not judged' : 'judged in part'}, ${reason}`]
  })
}
