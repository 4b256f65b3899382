/**
 * The version of WhatsApp Web that the bot claims to be. Starts with the one Baileys was made for or, when that is
 * newer, the last one with which WhatsApp let this session in; asks for a newer one at the first connection, once a
 * day, and after the server refused ours (405). Never waits long, never fails, and never goes down: a source that is
 * away or answers nonsense leaves the last good one, after a restart and a rollback, too.
 */

import type { WAVersion } from '@whiskeysockets/baileys'
import { errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { withDeadline } from '../timing.ts'
import { extraOf, setExtra } from './baileys-extras.ts'
import type { ExtraHolder } from './baileys-extras.ts'

export interface VersionSourceDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly bundled: WAVersion
  /** Asks for the newest version; undefined: the bundled one is all there is. */
  readonly fetchVersion: (() => Promise<WAVersion>) | undefined
}

export interface AcceptedLogin {
  readonly creds: ExtraHolder
  readonly version: WAVersion
}

const FETCH_TIMEOUT_MS = 5_000
const DAY_MS = 86_400_000

export class VersionSource {
  readonly #deps: VersionSourceDeps
  #best: WAVersion
  /** Undefined: to be fetched at the next connection. */
  #triedAtMs: number | undefined

  constructor(deps: VersionSourceDeps) {
    this.#deps = deps
    this.#best = deps.bundled
  }

  /** The server refused the version: ask again before the next attempt. */
  noteRejected(): void {
    this.#triedAtMs = undefined
  }

  /** What was good before, perhaps in an earlier process or for a newer release; anything but a version is passed by. */
  learn(before: unknown): void {
    if (isVersion(before) && isNewer(before, this.#best)) this.#best = before
  }

  /** Never rejects; takes 5 s at most. */
  async current(): Promise<WAVersion> {
    const { clock, logger, fetchVersion } = this.#deps
    const nowMs = clock.monotonicMs()
    const isFresh = this.#triedAtMs !== undefined && nowMs - this.#triedAtMs < DAY_MS
    if (fetchVersion === undefined || isFresh) return this.#best
    this.#triedAtMs = nowMs
    try {
      const found = await withDeadline(clock, 'whatsapp.version', FETCH_TIMEOUT_MS, fetchVersion())
      if (isVersion(found) && isNewer(found, this.#best)) {
        logger.info('whatsapp.version', { version: found.join('.') })
        this.#best = found
      }
    } catch (error) {
      logger.warn('whatsapp.version-unknown', { reason: errorMessageOf(error), used: this.#best.join('.') })
    }
    return this.#best
  }
}

/** Notes in the credentials that WhatsApp let us in as `version`; true when they are to be saved for it. */
export function noteAccepted({ creds, version }: AcceptedLogin): boolean {
  const before = extraOf(creds, 'acceptedVersion')
  if (isVersion(before) && !isNewer(version, before)) return false
  setExtra(creds, 'acceptedVersion', version)
  return true
}

function isVersion(value: unknown): value is WAVersion {
  return Array.isArray(value) && value.length === 3 && value.every((part) => Number.isSafeInteger(part))
}

function isNewer(version: WAVersion, than: WAVersion): boolean {
  const index = version.findIndex((part, at) => part !== than[at])
  return index >= 0 && (version[index] ?? 0) > (than[index] ?? 0)
}
