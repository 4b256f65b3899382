/** A session store whose commits go another way: for tests in which they hang or fail. */

import type { SessionStore } from '../../src/ports/session-store.ts'

export function storeWithCommit(
  store: SessionStore,
  commit: (given: Parameters<SessionStore['commit']>[0]) => ReturnType<SessionStore['commit']>,
): SessionStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') return commit
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
