/**
 * What a query is, and what can be answered to it. A topic is a table of answers by name; the name is
 * `xmlns/type/first child`, such as `encrypt/get/count`.
 */

import { allChildren } from '../wire/stanza.ts'
import type { Device } from '../directory/directory.ts'
import type { LinkedDevice } from '../directory/linked-device.ts'
import type { MediaHost } from '../media/media-host.ts'
import type { DeviceWorld } from '../people/simulated-device.ts'
import type { Stanza } from '../wire/stanza.ts'

export interface Query {
  readonly iq: Stanza
  readonly name: string
  /** The first child, which says what is asked. */
  readonly inner: Stanza | undefined
  /** Who asks. */
  readonly device: LinkedDevice
  readonly world: QueryWorld
}

export interface QueryWorld extends DeviceWorld {
  readonly media: MediaHost
}

export type Answer =
  | {
      readonly kind: 'result'
      readonly content?: Stanza[]
      /** Instead of the server, when the query went to a group. */
      readonly from?: string
      readonly attrs?: Readonly<Record<string, string>>
      /** What happens once the answer has been sent. */
      readonly afterwards?: () => void
    }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }

export type Topic = Readonly<Record<string, (query: Query) => Answer>>

export function nameOf(iq: Stanza): string {
  const { xmlns = '', type = '' } = iq.attrs
  return `${xmlns}/${type}/${allChildren(iq)[0]?.tag ?? ''}`
}

export function result(content?: Stanza[]): Answer {
  return content === undefined ? { kind: 'result' } : { kind: 'result', content }
}

export function refusal(code: number, text: string): Answer {
  return { kind: 'error', code, text }
}

/** Every device that shares the account, the asking one left out. */
export function otherDevices(device: LinkedDevice): Device[] {
  return [...device.person.devices.values()].filter((each) => each !== device)
}
