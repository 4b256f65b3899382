/**
 * Sees each QR text and pairing code that a Baileys in this process shows. Every version sends what it has to say
 * through a Node EventEmitter as one `event` with a map of events by name; that is where this listens, so the bot
 * may show its QR as it likes, or not at all.
 */

import { EventEmitter } from 'node:events'

export function watchPairing(phone) {
  const { emit } = EventEmitter.prototype
  EventEmitter.prototype.emit = function emitSeen(name, data) {
    if (name === 'event' && typeof data === 'object' && data !== null) look(data, phone)
    return Reflect.apply(emit, this, arguments)
  }
}

function look(events, phone) {
  const qr = events['connection.update']?.qr
  if (typeof qr === 'string') phone.scan(qr)
  const creds = events['creds.update']
  // Credentials hold the code for ever; who has an account has been paired.
  if (typeof creds?.pairingCode === 'string' && creds.account === undefined) phone.enter(creds.pairingCode)
}
