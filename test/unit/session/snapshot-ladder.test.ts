/** The ladder on a store whose rungs fail in every combination. */

import { describe, expect, it } from 'vitest'
import { AppError, errorCodeOf } from '../../../src/errors.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import type { CredsVersion } from '../../../src/ports/session-store.ts'
import type { Credentials } from '../../../src/ports/whatsapp-socket.ts'
import type { SessionArchive } from '../../../src/session/session-archive.ts'
import { findCreds, sessionRemedy } from '../../../src/session/snapshot-ladder.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { SessionRows } from './session-rows.ts'

const PAIRED = (from: string, next = 5): string =>
  JSON.stringify({ me: from, nextPreKeyId: next, firstUnuploadedPreKeyId: next, other: 1 })
const UNPAIRED = JSON.stringify({ nextPreKeyId: 1 })
const ARCHIVE: SessionArchive = {
  sessionId: 'elsewhere',
  exportedAtMs: 1_600_000_000_000,
  creds: PAIRED('import'),
  keys: [{ type: 'session', id: 'old', value: '{"ratchet":"old"}' }],
}

type Import = SessionArchive | ErrorCode | undefined

function setup(rows: SessionRows, given?: Import) {
  const logger = new RecordingLogger()
  let writes = 0
  const find = () =>
    findCreds({
      store: rows,
      epoch: 3,
      nextSequence: () => ++writes,
      clock: new ManualClock(1_700_000_000_000),
      logger,
      connector: {
        freshCreds: () => ({ fresh: true }),
        isPaired: (creds) => typeof creds['me'] === 'string',
      },
      readImport: () => {
        if (typeof given === 'string') throw new AppError(given, 'as the test wants it')
        return given
      },
    })
  return { logger, find }
}

function version(number: number, content: string): CredsVersion {
  const head = { version: number, writtenAtMs: 1_699_999_000_000 }
  if (content === 'corrupt' || content === 'key-missing')
    return { ...head, value: undefined, problem: content }
  return { ...head, value: content, problem: undefined }
}

/** What each path of restoring may be. */
const CURRENT = [
  'sound',
  'unpaired',
  'absent',
  'corrupt',
  'unparseable',
  'encryption-key-missing',
  'store-unavailable',
] as const
const HISTORY = ['sound', 'second', 'unpaired', 'corrupt', 'key-missing', 'store-unavailable'] as const
const IMPORT = ['none', 'sound', 'unpaired', 'archive-invalid', 'archive-locked'] as const

function rowsOf(current: (typeof CURRENT)[number], history: (typeof HISTORY)[number]): SessionRows {
  const rows = new SessionRows()
  rows.keys.set('pre-key/41', '{}')
  if (current === 'sound') rows.creds = PAIRED('current')
  if (current === 'unpaired') rows.creds = UNPAIRED
  if (current === 'unparseable') rows.creds = '{"torn'
  if (current === 'corrupt') rows.credsProblem = 'store-corrupt'
  if (current === 'encryption-key-missing' || current === 'store-unavailable') rows.credsProblem = current
  const bad = version(9, 'corrupt')
  if (history === 'sound') rows.history = [bad, version(8, PAIRED('history')), version(7, PAIRED('older'))]
  if (history === 'second') rows.history = [bad, version(8, 'corrupt'), version(7, PAIRED('history'))]
  if (history === 'unpaired') rows.history = [bad, version(8, UNPAIRED)]
  if (history === 'corrupt') rows.history = [bad, version(8, 'corrupt'), version(7, '{"torn')]
  if (history === 'key-missing') rows.history = [bad, version(8, 'key-missing')]
  if (history === 'store-unavailable') rows.historyProblem = 'store-unavailable'
  return rows
}

function importOf(given: (typeof IMPORT)[number]): Import {
  if (given === 'none') return undefined
  if (given === 'sound') return ARCHIVE
  return given === 'unpaired' ? { ...ARCHIVE, creds: UNPAIRED } : given
}

function nameOf({ me, fresh }: Credentials): string {
  if (typeof me === 'string') return me
  return fresh === true ? 'fresh' : 'unpaired'
}

/** Who the bot is in the end, `fresh`, or the code it ends with: written down apart from the ladder's own code. */
function expected(current: string, history: string, given: string): string {
  const fromImport = given === 'sound' ? 'import' : given === 'unpaired' ? 'archive-invalid' : given
  switch (current) {
    case 'sound':
      return 'current'
    case 'encryption-key-missing':
    case 'store-unavailable':
      return current
    case 'absent':
      return given === 'none' ? 'fresh' : fromImport
    case 'unpaired':
      return given === 'none' ? 'unpaired' : fromImport
    default:
      break
  }
  if (history === 'sound' || history === 'second') return 'history'
  if (history === 'store-unavailable') return history
  if (history === 'key-missing') return 'encryption-key-missing'
  return given === 'none' ? 'store-corrupt' : fromImport
}

const cases = CURRENT.flatMap((current) =>
  HISTORY.flatMap((history) => IMPORT.map((given) => ({ current, history, given }))),
)

describe('the ladder', () => {
  it.each(cases)('current $current, history $history, import $given', async ({ current, history, given }) => {
    const rows = rowsOf(current, history)
    const { find } = setup(rows, importOf(given))
    const found = await find().then(
      ({ creds }) => nameOf(creds),
      (error: unknown) => String(errorCodeOf(error)),
    )
    expect(found).toBe(expected(current, history, given))
    const isBroughtBack = found === 'history' || found === 'import'
    expect(rows.commits).toHaveLength(isBroughtBack ? 1 : 0)
  })

  it('counts pre-keys of restored credentials from the key table, and makes them the current row', async () => {
    const rows = rowsOf('corrupt', 'sound')
    const { find, logger } = setup(rows)
    const { creds, stored } = await find()
    expect(creds).toMatchObject({ me: 'history', nextPreKeyId: 42, firstUnuploadedPreKeyId: 42, other: 1 })
    expect(rows.creds).toBe(stored)
    expect(rows.commits[0]).toMatchObject({ epoch: 3, sequence: 1 })
    expect(rows.commits[0]).not.toHaveProperty('keys')
    expect(logger.lines).toMatchObject([
      { level: 'warn', event: 'session.restored', fields: { from: 'history', version: 8, ageMs: 1_000_000 } },
    ])
  })

  it('never counts pre-keys down', async () => {
    const rows = rowsOf('corrupt', 'corrupt')
    rows.history = [version(1, PAIRED('history', 99))]
    expect((await setup(rows).find()).creds).toMatchObject({ nextPreKeyId: 99 })
  })

  it('brings a whole session where there is none: its keys in the same commit as its credentials', async () => {
    const rows = rowsOf('absent', 'corrupt')
    await setup(rows, ARCHIVE).find()
    expect(rows.keys.get('session/old')).toBe('{"ratchet":"old"}')
    expect(rows.commits).toHaveLength(1)
  })

  it('takes nothing but the identity from an import beside keys that the store has', async () => {
    const rows = rowsOf('corrupt', 'corrupt')
    rows.keys.set('session/old', '{"ratchet":"newer"}')
    const { creds } = await setup(rows, ARCHIVE).find()
    expect(creds).toMatchObject({ me: 'import', nextPreKeyId: 42 })
    expect(rows.keys.get('session/old')).toBe('{"ratchet":"newer"}')
  })

  it('gives nothing when the lease was lost before what it found could be kept', async () => {
    const rows = rowsOf('corrupt', 'sound')
    rows.isStale = true
    await expect(setup(rows).find()).rejects.toMatchObject({ code: 'lease-lost' })
  })

  it('has a remedy for each end that only the owner can mend, and for no other', () => {
    const codes: ErrorCode[] = [
      'store-corrupt',
      'encryption-key-missing',
      'archive-invalid',
      'archive-locked',
    ]
    for (const code of codes) expect(sessionRemedy(code)).toMatch(/SESSION_|npm run session/)
    expect(sessionRemedy('store-unavailable')).toBeUndefined()
    expect(sessionRemedy(undefined)).toBeUndefined()
  })
})
