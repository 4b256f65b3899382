/** Runs every example of docs/fake-whatsapp-admin.md against a server with a real client, and compares answers. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminRoutes } from '../../sim/whatsapp/admin/admin-routes.ts'
import { FAULT_KINDS } from '../../sim/whatsapp/faults/parse-fault.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { connectClient, memoryAuth } from '../support/baileys-client.ts'
import type { TestClient } from '../support/baileys-client.ts'
import { codeBlocks } from '../support/code-blocks.ts'

const markdown = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'fake-whatsapp-admin.md'), 'utf8')
const [setUp, ...blocks] = codeBlocks(markdown)
/** Each command with the answer that the document shows under it. */
const examples = blocks.flatMap((block, index) => {
  const answer = blocks[index + 1]
  if (block.language !== 'sh') return []
  return [{ command: block.text, line: block.line, shown: JSON.parse(answer?.text ?? '') as unknown }]
})

let server: FakeWhatsApp
const clients: TestClient[] = []
let qr: string

beforeAll(async () => {
  server = await startFakeWhatsApp()
  const auth = memoryAuth()
  const first = connectClient(server.url, auth)
  clients.push(first)
  qr = await first.qr()
  void first.closed(60_000).then(async () => {
    clients.push(connectClient(server.url, auth))
  })
})
afterAll(async () => {
  for (const client of clients) await client.end()
  await server.close()
})

describe('the examples of the document', () => {
  it.each(examples)('answer as shown, line $line', async ({ command, shown }) => {
    const answer = await shell(command)
    if (command.startsWith('post scan')) await online()
    if (command.startsWith('post messages')) await server.idle()
    expect(shapeOf(JSON.parse(answer))).toEqual(shapeOf(shown))
  })

  it('have reached the bot', async () => {
    expect(examples.length).toBeGreaterThan(10)
    await clients[1]?.message('.ping')
    await clients[1]?.message('hello all')
  })
})

describe('the document', () => {
  it('names every kind of fault', () => {
    for (const kind of FAULT_KINDS) expect(markdown).toContain(`\n| ${kind} `)
  })

  it('names every route', () => {
    for (const { method, path } of adminRoutes(server)) {
      const step = path.replace('/admin/', '').split('/')[0] ?? ''
      expect(markdown, `${method} ${path}`).toContain(step)
    }
  })
})

describe('a request that cannot be done as things stand', () => {
  it.each([
    ['accounts', { phoneNumber: '15550000001' }, 409, 'phone number 15550000001 is taken on this server'],
    ['scan', { qr: 'nonsense' }, 409, 'not the QR text of a WhatsApp client'],
    ['scan', { qr: '2@a,b,c,d' }, 409, 'no client waits under this QR text'],
    ['pairing-code', { code: 'ABCD-1234' }, 409, 'no client has asked for a pairing code'],
    ['pairing-code', { code: '12' }, 400, 'wrong fields'],
    ['contacts', { devices: 0 }, 400, 'wrong fields'],
    ['groups', { subject: 'G', participants: ['Nobody'] }, 404, 'nobody is known as "Nobody"'],
    ['messages', { from: 'Ada', to: 'None', text: 'hi' }, 404, 'nobody is known as "None"'],
    ['messages', { from: 'Ada', text: '' }, 400, 'wrong fields'],
    ['faults', { kind: 'earthquake' }, 400, 'fault kind "earthquake" is none of'],
    ['faults', { kind: 'slow', delayMs: '1' }, 400, '"delayMs" must be a whole number'],
    ['faults', { kind: 'refuse' }, 400, 'could not be lifted from here'],
  ])('%s %o', async (path, body, status, what) => {
    const before = await (await fetch(`${server.adminUrl}/truth`)).json()
    const response = await fetch(`${server.adminUrl}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status).toBe(status)
    expect(((await response.json()) as { error: { what: string } }).error.what).toContain(what)
    expect(await (await fetch(`${server.adminUrl}/truth`)).json()).toMatchObject({
      people: (before as { people: unknown[] }).people,
    })
  })

  it('a name that two people bear', async () => {
    server.addContact({ name: 'Twin' })
    server.addContact({ name: 'Twin' })
    expect((await fetch(`${server.adminUrl}/inbox/Twin`)).status).toBe(409)
  })

  it('a fault that is not there', async () => {
    expect((await fetch(`${server.adminUrl}/faults/99`, { method: 'DELETE' })).status).toBe(404)
  })
})

describe('the interface', () => {
  it.each([
    { kind: 'no-upgrade' },
    { kind: 'reset-at-connect' },
    { kind: 'http-error', status: 503 },
    { kind: 'stall' },
  ])('can still be asked under $kind, and lifts it', async (fault) => {
    const { id } = JSON.parse(await shell(`post faults '${JSON.stringify(fault)}'`)) as { id: number }
    await shell(`curl -sS --fail-with-body -X DELETE $ADMIN/faults/${id}`)
    expect(server.faults).toEqual([])
  })

  it('is back after a refusal that ends by itself', async () => {
    await shell(`post faults '{ "kind": "refuse", "forMs": 200 }'`)
    expect(await isListening()).toBe(false)
    await expect.poll(isListening).toBe(true)
  })
})

async function online(): Promise<void> {
  await expect.poll(() => clients.length).toBe(2)
  await clients[1]?.opened()
}

/** By a connection of its own: those that stand outlive a refusal. */
function isListening(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** With what the document's first block sets up. */
async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-euo', 'pipefail', '-c', `${setUp?.text ?? ''}${command}`],
    {
      env: { ...process.env, ADMIN: server.adminUrl, QR: qr },
    },
  )
  return stdout
}

/** Names and types, without the values; of a list, the shape of its first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]))
}
