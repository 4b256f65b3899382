/** The state of a stored session as text for its owner. */

import type { SessionState } from './session-tool.ts'

/** Ends with a line break. */
export function sessionStateText(state: SessionState): string {
  const lines: [string, string][] = [
    ['session', state.sessionId],
    ['lease', leaseText(state)],
    ['credentials', state.credentials],
    ['halted', haltText(state)],
    ['keys', keysText(state)],
    ...state.versions.map(({ version, writtenAtMs, state: word }): [string, string] => [
      'version',
      `${version}, of ${new Date(writtenAtMs).toISOString()}, ${word}`,
    ]),
    ...state.putAside.map(({ name, versions, keys }): [string, string] => [
      'put aside',
      `${name}, ${versions} versions, ${keys} keys`,
    ]),
  ]
  return lines.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join('')
}

function leaseText({ lease, epoch, owner }: SessionState): string {
  if (lease === 'none') return 'never taken'
  const word = lease === 'held' ? `held by ${owner ?? '?'} (or its process was killed)` : 'released'
  return `${word}, epoch ${epoch ?? '?'}`
}

function haltText({ haltedBy }: SessionState): string {
  if (haltedBy === undefined) return 'no'
  return `by ${haltedBy}: no process connects any more; npm run session -- reset, and pair anew`
}

function keysText({ keys, unreadableKeys }: SessionState): string {
  if (keys === undefined) return 'not known: the session cannot be read'
  return unreadableKeys === 0 ? String(keys) : `${keys}, and ${unreadableKeys} damaged`
}
