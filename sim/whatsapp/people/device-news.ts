/**
 * The news that somebody has linked or removed a device: everybody who knows the person hears of it, so that
 * clients which keep device lists need not wait until theirs is old.
 */

import { randomBytes } from 'node:crypto'
import { jidOf } from '../directory/jid.ts'
import { secondsNow, stanza } from '../wire/stanza.ts'
import type { Device } from '../directory/directory.ts'
import type { PostOffice } from '../post/post-office.ts'

export function announceDevice(postOffice: PostOffice, change: 'add' | 'remove', device: Device): void {
  const { person, number } = device
  const changed = (['pn', 'lid'] as const).map((addressing) =>
    stanza('device', { jid: jidOf(person, addressing, number), 'key-index': String(number) }),
  )
  for (const each of new Set([person, ...postOffice.acquaintancesOf(person)])) {
    for (const listener of each.devices.values()) {
      if (listener === device || listener.isSimulated) continue
      const id = randomBytes(8).toString('hex').toUpperCase()
      const attrs = {
        from: jidOf(person, 'pn'),
        lid: jidOf(person, 'lid'),
        type: 'devices',
        id,
        t: secondsNow(),
      }
      listener.deliver(stanza('notification', attrs, [stanza(change, {}, changed)]))
    }
  }
}
