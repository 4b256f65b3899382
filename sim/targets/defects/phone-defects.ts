/** Wrong ways to listen for the phone: signs missed or made up, and warnings forgotten. */

import { PHONE_KEY_TYPE } from '../../../src/connection/phone-watch.ts'
import type { SessionStore } from '../../../src/ports/session-store.ts'
import type { WhatsappConnector } from '../../../src/ports/whatsapp-socket.ts'
import { withConnect, withEvents } from './defect.ts'

/** Nothing that the phone says is heard. */
export function missingThePhone(connector: WhatsappConnector): WhatsappConnector {
  return withEvents(connector, (event) => (event.type === 'phone-seen' ? undefined : event))
}

/** What the server confirms, and so what any own device may have sent, counts as the phone's word. */
export function takingAnyDeviceForThePhone(
  connector: WhatsappConnector,
  nowMs: () => number,
): WhatsappConnector {
  return withEvents(connector, (event, options) => {
    if (event.type === 'ack') options.onEvent({ type: 'phone-seen', atMs: nowMs() })
    return event
  })
}

/** A probe's confirmation is enough: that the phone has answered it, too, is taken for granted. */
export function takingConfirmationsForDeliveries(
  connector: WhatsappConnector,
  nowMs: () => number,
): WhatsappConnector {
  return withConnect(connector, (options) => {
    const socket = connector.connect(options)
    return {
      send: (message) => socket.send(message),
      ping: () => socket.ping(),
      probe: async () => {
        await socket.probe()
        options.onEvent({ type: 'phone-seen', atMs: nowMs() })
      },
      end: () => socket.end(),
    }
  })
}

/** That the owner was warned is not found again. */
export function forgettingWarnings(store: SessionStore): SessionStore {
  return {
    ...store,
    readKeys: async (query) => {
      const rows = await store.readKeys(query)
      if (query.type !== PHONE_KEY_TYPE) return rows
      return rows.map((row) => ({ ...row, value: row.value.replace(/,"warnedAtMs":\d+/, '') }))
    },
  }
}
