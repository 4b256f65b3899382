/**
 * Bots broken on purpose, each by one line of the built bot, and the claim that a sweep must then find broken: a sweep
 * that lets one of them pass proves nothing. A line that is not there any more is an error, never a bot left whole.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfrastructureError } from '../infrastructure-error.ts'
import type { SweepClaim } from './point-outcome.ts'

interface Change {
  /** Below `dist`. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Mutant {
  readonly name: string
  readonly what: string
  readonly breaks: SweepClaim
  readonly changes: readonly Change[]
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-commit',
    what: 'acknowledges a command before it is in the journal',
    breaks: 'answered-once',
    changes: [
      {
        file: 'adapters/baileys-intake.js',
        from: 'await outsideTransactions(() => this.#deps.accept(message));',
        to: 'void outsideTransactions(() => this.#deps.accept(message)).catch(() => undefined);',
      },
    ],
  },
  {
    name: 'reply-not-kept',
    what: 'counts a reply as delivered when it is recorded',
    breaks: 'answered-once',
    changes: [
      {
        file: 'adapters/postgres-journal-sql.js',
        from: "$9::bytea, 'pending', $6::bigint",
        to: "$9::bytea, 'acked', $6::bigint",
      },
    ],
  },
  {
    name: 'fresh-reply-ids',
    what: 'sends what it finds unsettled under an id of its own',
    breaks: 'answered-once',
    changes: [
      {
        file: 'adapters/postgres-message-journal.js',
        from: 'const { reply_id: replyId, chat, recorded_at_ms: recordedAtMs } = row;',
        to: 'const { chat, recorded_at_ms: recordedAtMs } = row; const replyId = `${row.reply_id.slice(0, -2)}FF`;',
      },
    ],
  },
  {
    name: 'ciphertext-before-commit',
    what: 'lets a ciphertext leave before its ratchet step is committed',
    breaks: 'no-key-reuse',
    changes: [
      {
        file: 'session/auth-state.js',
        from: 'await this.#queue.addKeys(keys);',
        to: 'void this.#queue.addKeys(keys).catch(() => undefined);',
      },
    ],
  },
  {
    name: 'unfenced',
    what: 'writes under an epoch that is over',
    breaks: 'no-stale-write',
    changes: [
      {
        file: 'adapters/postgres-session-sql.js',
        from: 'session_id = $1 AND epoch = $2 FOR SHARE',
        to: 'session_id = $1 AND epoch >= $2 FOR SHARE',
      },
      {
        file: 'adapters/postgres-journal-sql.js',
        from: 'AND epoch = $2::bigint FOR SHARE',
        to: 'AND epoch >= $2::bigint FOR SHARE',
      },
    ],
  },
]

export interface MutantApp {
  readonly appFolder: string
  remove(): void
}

/**
 * A copy of the built bot with the mutant's changes, in a folder of its own.
 * @throws InfrastructureError when a line to be changed is not in the built bot, once and only once
 */
export function buildMutant({ name, changes }: Mutant, appFolder: string): MutantApp {
  const folder = mkdtempSync(join(tmpdir(), 'blacksky-mutant-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    for (const part of ['dist', 'Procfile', 'package.json'])
      cpSync(join(appFolder, part), join(folder, part), { recursive: true })
    symlinkSync(join(appFolder, 'node_modules'), join(folder, 'node_modules'))
    for (const { file, from, to } of changes) {
      const path = join(folder, 'dist', file)
      const parts = readFileSync(path, 'utf8').split(from)
      if (parts.length !== 2) {
        throw new InfrastructureError(
          `mutant ${name}: ${file} has ${parts.length - 1} lines to change instead of one`,
          'adapt it in sim/kill-sweep/mutants.ts to the present code',
        )
      }
      writeFileSync(path, parts.join(to))
    }
    return { appFolder: folder, remove }
  } catch (error) {
    remove()
    throw error
  }
}
