/**
 * A WhatsApp server for tests, on loopback: unmodified Baileys clients pair with it, log in, send and receive
 * with real Signal encryption. People and groups are made by calls; what happened can be read from `truth()`.
 * Its state is this object's: clients may come and go as they like. Servers do not share anything.
 */

import { FakeWhatsAppServer } from './fake-whatsapp-server.ts'
import type { FakeWhatsApp, FakeWhatsAppOptions } from './fake-whatsapp-api.ts'

export { trustCertificate } from './http/certificate.ts'
export { trustFakeWhatsApp } from './wire/certificates.ts'
export type { FakeWhatsApp, FakeWhatsAppOptions } from './fake-whatsapp-api.ts'

/** @throws Error when the port is taken or may not be used */
export async function startFakeWhatsApp(options: FakeWhatsAppOptions = {}): Promise<FakeWhatsApp> {
  const server = new FakeWhatsAppServer(options)
  await server.listen()
  return server
}
