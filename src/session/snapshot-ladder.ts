/**
 * How a session is found again, from the surest place down: the current row; the history of the credentials, when
 * that row fails its integrity check; an import. What is not allowed: new credentials because something could not be
 * read (only a confirmed absence makes them), an unpaired version in place of a paired one, and Signal sessions
 * from anywhere but the last commit, since an older ratchet would use its steps again. Surprising: restored
 * credentials count pre-keys anew from the key table, because their own counters are of an earlier time.
 */

import { AppError, errorCodeOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { CredsVersion, KeyChange, SessionStore } from '../ports/session-store.ts'
import type { Credentials, WhatsappConnector } from '../ports/whatsapp-socket.ts'
import { parse, serialise } from './codec.ts'
import { archivedKeys } from './session-archive.ts'
import type { SessionArchive } from './session-archive.ts'

export interface LadderDeps {
  readonly store: Pick<SessionStore, 'readCreds' | 'readCredsHistory' | 'readHighestKeyId' | 'commit'>
  readonly epoch: number
  nextSequence(): number
  readonly clock: Clock
  readonly logger: Logger
  readonly connector: Pick<WhatsappConnector, 'freshCreds' | 'isPaired'>
  /**
   * A session brought from elsewhere; undefined when there is none.
   * @throws AppError `archive-invalid`, `archive-locked`
   */
  readImport?(): SessionArchive | undefined
}

export interface FoundCreds {
  readonly creds: Credentials
  /** As the store has them; undefined when they are fresh. */
  readonly stored: string | undefined
}

/**
 * What was not the current row is committed before it is returned.
 * @throws AppError `store-corrupt` when nothing that is stored can be used; `encryption-key-missing`;
 *   `archive-invalid`, `archive-locked`; other `store-*`; `lease-lost`. None of them makes new credentials.
 */
export async function findCreds(deps: LadderDeps): Promise<FoundCreds> {
  const current = await readCurrent(deps)
  if (current.status === 'sound' && deps.connector.isPaired(current.creds)) return current
  if (current.status === 'corrupt') {
    const restored = (await restoreFromHistory(deps)) ?? (await importIdentity(deps))
    if (restored !== undefined) return restored
    throw unusable('store-corrupt')
  }
  const archive = deps.readImport?.()
  if (archive !== undefined) return importSession(deps, archive)
  if (current.status === 'sound') return current
  return { creds: deps.connector.freshCreds(), stored: undefined }
}

/** What the owner can do about a session that cannot be used; undefined for errors that time mends. */
export function sessionRemedy(code: ErrorCode | undefined): string | undefined {
  return code === undefined ? undefined : REMEDIES[code]
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  'encryption-key-missing':
    'set SESSION_ENCRYPTION_KEY (or SESSION_ENCRYPTION_KEY_PREVIOUS) to the key that the session was stored under; if it is lost, npm run session -- reset, and pair anew',
  'store-corrupt':
    'import an export by npm run session -- import, or npm run session -- reset, and pair anew',
  'archive-invalid': 'set SESSION_IMPORT to a whole export of this bot, or leave it out',
  'archive-locked': 'set SESSION_PASSPHRASE to the passphrase that the export was made with',
}

type Current =
  | { readonly status: 'sound'; readonly creds: Credentials; readonly stored: string }
  | { readonly status: 'absent' | 'corrupt' }

async function readCurrent({ store }: LadderDeps): Promise<Current> {
  try {
    const stored = await store.readCreds()
    if (stored === undefined) return { status: 'absent' }
    return { status: 'sound', creds: credentialsOf(stored), stored }
  } catch (error) {
    if (errorCodeOf(error) !== 'store-corrupt') throw error
    return { status: 'corrupt' }
  }
}

async function restoreFromHistory(deps: LadderDeps): Promise<FoundCreds | undefined> {
  const versions = await deps.store.readCredsHistory()
  for (const version of versions) {
    const creds = usableVersion(version, deps)
    if (creds === undefined) continue
    deps.logger.warn('session.restored', {
      from: 'history',
      version: version.version,
      ageMs: Math.max(0, deps.clock.nowMs() - version.writtenAtMs),
    })
    return commitFound(deps, await withPreKeyCounters(deps, creds), [])
  }
  const isLocked = versions.some(({ problem }) => problem === 'key-missing')
  if (isLocked) throw unusable('encryption-key-missing')
  return undefined
}

function usableVersion({ value }: CredsVersion, { connector }: LadderDeps): Credentials | undefined {
  if (value === undefined) return undefined
  try {
    const creds = credentialsOf(value)
    return connector.isPaired(creds) ? creds : undefined
  } catch {
    return undefined
  }
}

/** Beside keys that the store still has: the import's own are of an earlier time, so only who we are is taken. */
async function importIdentity(deps: LadderDeps): Promise<FoundCreds | undefined> {
  const archive = deps.readImport?.()
  if (archive === undefined) return undefined
  deps.logger.warn('session.restored', { from: 'import', ageMs: ageOf(archive, deps) })
  return commitFound(deps, await withPreKeyCounters(deps, importedCreds(archive, deps)), [])
}

async function importSession(deps: LadderDeps, archive: SessionArchive): Promise<FoundCreds> {
  deps.logger.info('session.imported', { keys: archive.keys.length, ageMs: ageOf(archive, deps) })
  return commitFound(deps, importedCreds(archive, deps), archivedKeys(archive))
}

function importedCreds(archive: SessionArchive, { connector }: LadderDeps): Credentials {
  const creds = usableText(archive.creds)
  if (creds !== undefined && connector.isPaired(creds)) return creds
  throw new AppError('archive-invalid', 'the session export holds no paired session')
}

function usableText(text: string): Credentials | undefined {
  try {
    return credentialsOf(text)
  } catch {
    return undefined
  }
}

async function commitFound(
  deps: LadderDeps,
  creds: Credentials,
  keys: readonly KeyChange[],
): Promise<FoundCreds> {
  const { store, epoch, clock } = deps
  const stored = serialise(creds)
  const head = { epoch, sequence: deps.nextSequence(), nowMs: clock.nowMs() }
  const outcome = await store.commit({ ...head, creds: stored, ...(keys.length === 0 ? {} : { keys }) })
  if (outcome !== 'written') throw new AppError('lease-lost', 'the lease is another’s: the session is theirs')
  return { creds, stored }
}

/** Baileys' names. An id that was used must not be given to another key. */
const PRE_KEY_COUNTERS = ['nextPreKeyId', 'firstUnuploadedPreKeyId']

async function withPreKeyCounters({ store }: LadderDeps, creds: Credentials): Promise<Credentials> {
  const highestId = (await store.readHighestKeyId({ type: 'pre-key' })) ?? 0
  const known = PRE_KEY_COUNTERS.map((name) => creds[name]).filter((value) => typeof value === 'number')
  const next = Math.max(highestId + 1, ...known)
  const counted: Credentials = { ...creds }
  for (const name of PRE_KEY_COUNTERS) if (typeof creds[name] === 'number') counted[name] = next
  return counted
}

function ageOf({ exportedAtMs }: SessionArchive, { clock }: LadderDeps): number {
  return Math.max(0, clock.nowMs() - exportedAtMs)
}

function unusable(code: 'store-corrupt' | 'encryption-key-missing'): AppError {
  return new AppError(code, 'no stored version of the credentials can be used')
}

/** @throws AppError `store-corrupt` */
function credentialsOf(text: string): Credentials {
  const value = parse(text)
  if (!isCredentials(value)) throw new AppError('store-corrupt', 'the stored credentials are no credentials')
  return value
}

function isCredentials(value: unknown): value is Credentials {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
