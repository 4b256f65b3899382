/**
 * Every write of the bot to its session and its journal, by the name of its prepared statement, and what brings it
 * about; or why it is left out. A test compares both with the adapters' statements, so that a new one is not forgotten.
 */

/**
 * `message`: somebody writes. `new-contact`: somebody writes for the first time. `boot`: a bot process starts.
 * `stop`: one is stopped in order. `time`: it comes by itself. `pairing`: a bot without a session is linked.
 */
export type Stimulus = 'message' | 'new-contact' | 'boot' | 'stop' | 'time' | 'pairing'

export interface WriteOperation {
  readonly name: string
  readonly stimulus: Stimulus
  /** How far the sweep counts: the third ratchet step of a message is another place than the first. */
  readonly maxOccurrence: number
}

export const WRITE_OPERATIONS: readonly WriteOperation[] = [
  { name: 'record-inbound', stimulus: 'message', maxOccurrence: 3 },
  { name: 'record-handled', stimulus: 'message', maxOccurrence: 3 },
  { name: 'settle-reply', stimulus: 'message', maxOccurrence: 3 },
  { name: 'commit-put', stimulus: 'message', maxOccurrence: 4 },
  { name: 'commit-put-delete', stimulus: 'new-contact', maxOccurrence: 2 },
  { name: 'take-lease', stimulus: 'boot', maxOccurrence: 1 },
  { name: 'renew-and-charge', stimulus: 'boot', maxOccurrence: 1 },
  { name: 'renew-lease', stimulus: 'time', maxOccurrence: 3 },
  { name: 'release-lease', stimulus: 'stop', maxOccurrence: 1 },
  { name: 'insert-lease', stimulus: 'pairing', maxOccurrence: 1 },
  { name: 'commit-creds', stimulus: 'pairing', maxOccurrence: 4 },
]

/** Writes that a sweep leaves out, each with the reason. */
export const NOT_SWEPT: Readonly<Record<string, string>> = {
  'mark-started': 'only for commands that must not run twice, and the deployed bot has none',
  'halt-session': 'ends the session for good: nobody is to log in afterwards',
  prune: 'only of a bot that has lived for a minute, and no bot of a sweep does',
  commit: 'changes nothing and is never sent',
  'commit-delete': 'Baileys deletes keys together with putting others',
  'commit-creds-delete': 'Baileys changes credentials alone or with new keys',
  'commit-creds-put': 'Baileys changes credentials and keys in one only when both wait for a slow database',
  'commit-creds-put-delete':
    'Baileys changes credentials and keys in one only when both wait for a slow database',
}
