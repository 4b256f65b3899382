/** One request to the fake WhatsApp's port, that keeps no process alive and loads nothing but Node's own client. */

import { request } from 'node:http'

/** Tells undefined, or why it was not accepted. */
export function post(url, body, done) {
  const headers = { 'content-type': 'application/json' }
  const call = request(url, { method: 'POST', headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
    response.on('error', () => undefined)
    response.once('close', () => done(response.statusCode < 300 ? undefined : whatOf(text)))
  })
  call.on('socket', (socket) => socket.unref())
  call.once('error', (error) => done(error.message))
  call.end(JSON.stringify(body))
}

function whatOf(text) {
  try {
    return JSON.parse(text).error.what
  } catch {
    return text.slice(0, 200)
  }
}
