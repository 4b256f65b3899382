/** Wrong ways with the session: writes lost, read errors believed, and writes by whom they are not due. */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type { SessionStore } from '../../../src/ports/session-store.ts'
import type { RunningTarget, TargetContext } from '../target.ts'
import { withEvents } from './defect.ts'

const SAVED_COMMITS = 100

/** After so many commits it says "written" and keeps nothing. */
export function savingNoMore(store: SessionStore): SessionStore {
  let commits = 0
  return {
    ...store,
    commit: (commit) => {
      commits += 1
      return commits > SAVED_COMMITS ? Promise.resolve('written') : store.commit(commit)
    },
  }
}

/** A failed read of the credentials looks like a session that was never paired. */
export function believingErrors(store: SessionStore): SessionStore {
  return { ...store, readCreds: () => store.readCreds().catch(() => undefined) }
}

/** The keys of one type are never found again. */
export function forgettingKeys(store: SessionStore, type: string): SessionStore {
  return {
    ...store,
    readKeys: (query) => (query.type === type ? Promise.resolve([]) : store.readKeys(query)),
  }
}

/** Credentials are read with their count of pre-keys as it was at the pairing. */
export function countingPreKeysAnew(store: SessionStore): SessionStore {
  const readCreds = async (): Promise<string | undefined> => {
    const creds = await store.readCreds()
    return creds?.replace(/"nextPreKeyId":\d+/, '"nextPreKeyId":1')
  }
  return { ...store, readCreds }
}

/** What is written when the device is logged out: the epoch is the holder's, so the store takes it. */
export type Farewell = Pick<Parameters<SessionStore['commit']>[0], 'creds' | 'keys'>

/** Newer than any write of the sound part. */
const LAST_SEQUENCE = 1_000_000_000

export function writingWhenLoggedOut(
  { connector, sessionStore, clock }: BotPorts,
  farewell: Farewell,
): Pick<BotPorts, 'connector' | 'sessionStore'> {
  let epoch = 0
  const overwrite = (): void => {
    sessionStore
      .commit({ epoch, sequence: LAST_SEQUENCE, nowMs: clock.nowMs(), ...farewell })
      .catch(() => undefined)
  }
  return {
    connector: withEvents(connector, (event) => {
      if (event.type === 'close' && event.report.statusCode === 401) overwrite()
      return event
    }),
    sessionStore: {
      ...sessionStore,
      takeLease: async (take) => {
        const row = await sessionStore.takeLease(take)
        epoch = row?.epoch ?? epoch
        return row
      },
    },
  }
}

const WRITE_EVERY_MS = 2_000

/** Writes under the newest epoch there is, whoever holds it. The write is one that harms nobody. */
export function writeOn(ports: BotPorts): void {
  ports.clock.setTimer('write-on', WRITE_EVERY_MS, () => {
    pruneNothing(ports).catch(() => undefined)
    writeOn(ports)
  })
}

async function pruneNothing({ sessionStore, messageJournal }: BotPorts): Promise<void> {
  const row = await sessionStore.readLease()
  if (row === undefined) return
  const sent = { beforeMs: 0, maxCount: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }
  await messageJournal.prune({ epoch: row.epoch, commandsBeforeMs: 0, sent, limit: 1 })
}

/** The way out takes this long: shorter than what the product promises, longer than a handover. */
const LINGER_MS = 15_000

/** Ends in order, and then writes on until it leaves. */
export function lingering({ clock, exit }: BotPorts): Pick<BotPorts, 'exit'> {
  return { exit: { exit: (reason) => void clock.setTimer('linger', LINGER_MS, () => exit.exit(reason)) } }
}

export function writeOnAfterSigterm(sound: RunningTarget, { ports }: TargetContext): void {
  writeOn(ports)
  sound.terminate()
}
