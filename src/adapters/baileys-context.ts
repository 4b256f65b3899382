/**
 * The way out of Baileys' transactions. Baileys remembers the running transaction in an AsyncLocalStorage, which
 * every callback and timer begun inside inherits: a reply sent from there would write its ratchet step into a
 * transaction that was committed long ago, and lose it. So whatever leaves the adapter runs out here.
 */

import { AsyncLocalStorage } from 'node:async_hooks'

const atModuleLoad = AsyncLocalStorage.snapshot()

/** Runs `work`, and everything it begins, outside every transaction. */
export function outsideTransactions<T>(work: () => T): T {
  return atModuleLoad(work)
}
