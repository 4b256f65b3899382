/** Queries about Signal keys: how many are left, uploading them, fetching the bundles of others. */

import { readSignedPreKey, readUpload, writeBundle } from '../directory/key-bundle.ts'
import { bigEndian, childOf, childrenOf, stanza } from '../wire/stanza.ts'
import { result } from './query.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Answer, Query, Topic } from './query.ts'

export const keyQueries: Topic = {
  'encrypt/get/count': ({ device }) => result([stanza('count', { value: String(device.countedPreKeys) })]),
  'encrypt/set/registration': ({ device, iq }) => {
    device.upload(readUpload(iq))
    return result()
  },
  // Without a digest in the answer, clients upload again.
  'encrypt/get/digest': ({ device }) =>
    result([stanza('digest', {}, [stanza('registration', {}, bigEndian(device.registrationId, 4))])]),
  'encrypt/set/rotate': ({ device, inner }) => {
    device.rotate(readSignedPreKey(childOf(inner, 'skey')))
    return result()
  },
  'encrypt/get/key': (query) => answerBundles(query),
}

function answerBundles({ inner, world }: Query): Answer {
  const users = childrenOf(inner, 'user').map((user): Stanza => {
    const jid = user.attrs['jid'] ?? ''
    const bundle = world.directory.device(jid)?.takeBundle()
    return bundle === undefined
      ? stanza('user', { jid }, [stanza('error', { code: '404', text: 'item-not-found' })])
      : writeBundle(jid, bundle)
  })
  return result([stanza('list', {}, users)])
}
