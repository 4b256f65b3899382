/** The smallest store of credentials and keys; commits and reads can be held up and made to fail. */

import { AppError } from '../../../src/errors.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import type {
  CredsVersion,
  SessionCommit,
  SessionStore,
  WriteOutcome,
} from '../../../src/ports/session-store.ts'

type Rows = Pick<SessionStore, 'readCreds' | 'readCredsHistory' | 'readHighestKeyId' | 'readKeys' | 'commit'>

export class SessionRows implements Rows {
  creds: string | undefined
  readonly keys = new Map<string, string>()
  readonly commits: SessionCommit[] = []
  readonly reads: (readonly string[])[] = []
  isStale = false
  /** Code with which the next operations fail, and whether a failing commit lands all the same. */
  failing: { readonly code: ErrorCode; readonly lands: boolean } | undefined
  /** While true, operations wait after they have landed, until `release`. */
  isHeld = false
  openCommits = 0
  mostOpenCommits = 0
  #held: (() => void)[] = []

  /** Lets the oldest held operation answer. */
  releaseOne(): void {
    this.#held.shift()?.()
  }

  release(): void {
    this.isHeld = false
    for (const answer of this.#held.splice(0)) answer()
  }

  async readCreds(): Promise<string | undefined> {
    throwIf(this.failing)
    if (this.credsProblem !== undefined) throw new AppError(this.credsProblem, 'as the test wants it')
    return this.creds
  }

  /** What `readCreds` throws, when the current row alone is bad. */
  credsProblem: ErrorCode | undefined
  historyProblem: ErrorCode | undefined
  history: readonly CredsVersion[] = []
  /** Names `type/id` of rows that fail their integrity check. */
  readonly corruptKeys = new Set<string>()

  async readCredsHistory(): Promise<readonly CredsVersion[]> {
    throwIf(this.failing)
    if (this.historyProblem !== undefined) throw new AppError(this.historyProblem, 'as the test wants it')
    return this.history
  }

  async readHighestKeyId({ type }: { type: string }): Promise<number | undefined> {
    throwIf(this.failing)
    const ids = [...this.keys.keys()].filter((name) => name.startsWith(`${type}/`))
    const numbers = ids.map((name) => Number(name.slice(type.length + 1)))
    return numbers.length === 0 ? undefined : Math.max(...numbers)
  }

  async readKeys({ type, ids }: { type: string; ids: readonly string[] }) {
    this.reads.push(ids)
    const rows = ids
      .map((id) => ({ id, value: this.keys.get(`${type}/${id}`) }))
      .filter((row): row is { id: string; value: string } => row.value !== undefined)
    const { failing } = this
    await this.#heldUp()
    throwIf(failing)
    if (ids.some((id) => this.corruptKeys.has(`${type}/${id}`)))
      throw new AppError('store-corrupt', 'altered')
    return rows
  }

  async commit(commit: SessionCommit): Promise<WriteOutcome> {
    this.commits.push(commit)
    this.mostOpenCommits = Math.max(this.mostOpenCommits, ++this.openCommits)
    const { failing, isStale } = this
    if (!isStale && (failing === undefined || failing.lands)) this.#land(commit)
    await this.#heldUp()
    this.openCommits--
    throwIf(failing)
    return isStale ? 'stale-epoch' : 'written'
  }

  #land(commit: SessionCommit): void {
    if (commit.creds !== undefined) this.creds = commit.creds
    for (const { type, id, value } of commit.keys ?? []) {
      if (value === undefined) this.keys.delete(`${type}/${id}`)
      else this.keys.set(`${type}/${id}`, value)
    }
  }

  async #heldUp(): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#held.push(resolve))
  }
}

function throwIf(failing: SessionRows['failing']): void {
  if (failing !== undefined) throw new AppError(failing.code, 'as the test wants it')
}
