/** Queries about the connection and the account: going active, pings, settings, logout. */

import { childrenOf, secondsNow, stanza } from '../wire/stanza.ts'
import { result } from './query.ts'
import type { Topic } from './query.ts'

const PRIVACY = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd']

export const sessionQueries: Topic = {
  // Becoming active is when WhatsApp hands over what waited.
  'passive/set/active': ({ device }) => ({ kind: 'result', afterwards: () => device.drain() }),
  'passive/set/passive': () => result(),
  'w:p/get/ping': () => ({ kind: 'result', attrs: { t: secondsNow() } }),
  'w:p/get/': () => ({ kind: 'result', attrs: { t: secondsNow() } }),
  'abt/get/props': () =>
    result([
      stanza('props', { protocol: '1', hash: 'fake', refresh: '86400' }, [
        stanza('prop', { config_code: '1', name: 'fake', value: '0' }),
      ]),
    ]),
  'blocklist/get/': () => result([stanza('list', { dhash: '0' }, [])]),
  'privacy/get/privacy': () =>
    result([
      stanza(
        'privacy',
        {},
        PRIVACY.map((name) => stanza('category', { name, value: 'all' })),
      ),
    ]),
  'privacy/set/privacy': () => result(),
  'privacy/set/tokens': () => result([stanza('tokens', {}, [])]),
  'urn:xmpp:whatsapp:dirty/set/clean': () => result(),
  'w:sync:app:state/set/sync': ({ inner }) =>
    result([
      stanza(
        'sync',
        {},
        childrenOf(inner, 'collection').map((each) =>
          stanza('collection', {
            name: each.attrs['name'],
            version: each.attrs['version'] ?? '0',
            type: 'result',
          }),
        ),
      ),
    ]),
  'w:m/set/media_conn': ({ world }) => result([world.media.mediaConnNode()]),
  'md/set/remove-companion-device': ({ device }) => ({
    kind: 'result',
    afterwards: () => {
      device.person.forgetDevice(device)
      device.link?.endRemoved()
    },
  }),
}
