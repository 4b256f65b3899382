/**
 * Leads TLS connections to WhatsApp's hosts to the fake one, which speaks TLS on the same port as everything else.
 * `ws`, https, axios, fetch and Node's own WebSocket all come by here. Its certificate names loopback and not
 * WhatsApp, so it is not checked; this is why nothing but loopback may be the destination.
 */

import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'

/** The last is where Baileys asks for the newest version; the fake knows none, and Baileys takes its own. */
const WHATSAPP_HOST = /(?:^|\.)(?:whatsapp\.com|whatsapp\.net)$|^raw\.githubusercontent\.com$/

export function redirectWhatsApp(fake, write) {
  const reported = new Set()
  const { connect } = tls
  tls.connect = function connectToFake(...words) {
    const { options, onConnect } = optionsOf(words)
    // A socket given is one that a proxy of the bot's own has opened.
    const host = options.socket === undefined ? options.host : (options.servername ?? options.host)
    const isFakeItself = host === fake.host && `${options.port}` === `${fake.port}`
    if (!isFakeItself && !WHATSAPP_HOST.test(host ?? '')) return connect.apply(this, words)
    if (!reported.has(host)) {
      reported.add(host)
      write({ what: 'redirected', host })
    }
    options.socket?.destroy()
    const { socket: _proxied, path: _socketPath, lookup: _lookup, ...rest } = options
    return connect.call(this, { ...rest, ...fake, rejectUnauthorized: false }, onConnect)
  }
  // For those who import it by name.
  syncBuiltinESMExports()
}

/** The forms of tls.connect: (options), (port, options), (port, host, options), each with a callback. */
function optionsOf(words) {
  const onConnect = typeof words.at(-1) === 'function' ? words.at(-1) : undefined
  const options = {}
  for (const word of words) {
    if (typeof word === 'number') options.port = word
    else if (typeof word === 'string') options.host = word
    else if (typeof word === 'object' && word !== null) Object.assign(options, word)
  }
  return { options, onConnect }
}
