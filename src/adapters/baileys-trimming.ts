/**
 * What of a Baileys socket's inside is taken away or replaced: whatever grows without bound, or works for nobody.
 * Surprising: two of its own listeners go. The one for changed credentials sends a presence at each change, which
 * shows the account as online; the one for calls makes messages of them and may reject unhandled.
 */

import type { BaileysEventEmitter, BaileysEventMap, MessageRetryManager } from '@whiskeysockets/baileys'
import assert from 'node:assert/strict'
import type { Clock } from '../ports/clock.ts'
import { BoundedCache } from './baileys-caches.ts'

/** All that the adapter, and Baileys itself, listen to. */
const HEARD_EVENTS: ReadonlySet<keyof BaileysEventMap> = new Set([
  'connection.update',
  'creds.update',
  'lid-mapping.update',
])

/**
 * Messages, chats, contacts and history are dropped where they would be emitted: Baileys buffers them, for 30 s
 * and without bound while messages are replayed, and nobody here listens.
 */
export function dropUnheardEvents(ev: BaileysEventEmitter): void {
  ev.removeAllListeners('call')
  ev.removeAllListeners('creds.update')
  const emit = ev.emit.bind(ev)
  ev.emit = (event, data) => (HEARD_EVENTS.has(event) ? emit(event, data) : false)
}

const MINUTE_MS = 60_000

/** Times are Baileys' own; it sets no bounds here and a timer for each entry. */
export function boundRetryManager(clock: Clock, manager: MessageRetryManager): void {
  // What was sent is in the journal; Baileys would keep the last 512 messages, received ones included.
  manager.addRecentMessage = () => undefined
  const bounds = {
    retryCounters: { maxWeight: 2_000, ttlMs: 15 * MINUTE_MS },
    sessionRecreateHistory: { maxWeight: 2_000, ttlMs: 120 * MINUTE_MS },
  }
  for (const [name, bound] of Object.entries(bounds)) {
    assert(Reflect.has(manager, name), `the retry manager has no ${name} to replace`)
    Reflect.set(manager, name, new BoundedCache(clock, bound))
  }
}
