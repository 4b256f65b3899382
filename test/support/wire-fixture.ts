/**
 * Servers and clients of one test on the wire, and their end after it: call `useWire()` once in a test file.
 */

import { afterEach } from 'vitest'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { connectClient, memoryAuth } from './baileys-client.ts'
import type { FakeWhatsApp, FakeWhatsAppOptions } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import type { MemoryAuth, TestClient } from './baileys-client.ts'

type ClientOptions = Parameters<typeof connectClient>[2]

export interface Wire {
  readonly startServer: (options?: FakeWhatsAppOptions) => Promise<FakeWhatsApp>
  readonly connect: (server: FakeWhatsApp, auth: MemoryAuth, options?: ClientOptions) => TestClient
  /** A client that is linked to the account and open. */
  readonly openClient: (
    server: FakeWhatsApp,
    account: Account,
    options?: ClientOptions,
  ) => Promise<TestClient>
}

export function useWire(): Wire {
  const servers: FakeWhatsApp[] = []
  const clients: TestClient[] = []
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(async (client) => client.end()))
    await Promise.all(servers.splice(0).map(async (server) => server.close()))
  })
  const connect: Wire['connect'] = (server, auth, options) => {
    const client = connectClient(server.url, auth, options)
    clients.push(client)
    return client
  }
  return {
    connect,
    startServer: async (options) => {
      const server = await startFakeWhatsApp(options)
      servers.push(server)
      return server
    },
    openClient: async (server, account, options) => {
      const client = connect(server, memoryAuth(account.linkedDevice().creds), options)
      await client.opened()
      return client
    },
  }
}
