/** The media host and the one port under it, with Baileys' own upload and download; whole clients are in media.test.ts. */

import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  downloadContentFromMessage,
  prepareWAMessageMedia,
  getWAUploadToServer,
} from '@whiskeysockets/baileys'
import type { BinaryNode, SocketConfig, proto } from '@whiskeysockets/baileys'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loopbackCertificate, trustCertificate } from '../../sim/whatsapp/http/certificate.ts'
import { MediaHost } from '../../sim/whatsapp/media/media-host.ts'
import { mediaMessage, mediaOf } from '../../sim/whatsapp/media/media-message.ts'
import { OnePort } from '../../sim/whatsapp/http/one-port.ts'

const LIMITS = { maxFiles: 3, maxFileBytes: 100_000, maxTotalBytes: 200_000 }

let media: MediaHost
let onePort: OnePort
let port: number

beforeEach(async () => {
  trustCertificate((await loopbackCertificate()).cert)
  media = new MediaHost(() => `127.0.0.1:${port}`, LIMITS)
  const http = createServer((request, response) => {
    if (!media.handle(request, response)) response.writeHead(404).end('not the media host')
  })
  onePort = new OnePort({ http, certificate: loopbackCertificate })
  port = await onePort.listen(0)
})
afterEach(() => onePort.close())

describe("Baileys' own upload and download", () => {
  it('bring back the same bytes, whole and in part', async () => {
    const plain = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251))
    const { documentMessage } = await prepare(plain)
    const { mediaKey, directPath, url } = documentMessage ?? {}
    expect(directPath).toMatch(/^\/v\/document\//)
    const message = { mediaKey, directPath, url } as Parameters<typeof downloadContentFromMessage>[0]
    expect(await bytesOf(await downloadContentFromMessage(message, 'document'))).toEqual(plain)
    const part = await downloadContentFromMessage(message, 'document', { startByte: 1_000, endByte: 2_000 })
    expect(await bytesOf(part)).toEqual(plain.subarray(1_000, 2_000))
    expect(media.store.list()).toMatchObject([{ kind: 'document', downloads: 2 }])
  })

  it('fails as on WhatsApp when a file is forgotten', async () => {
    const { documentMessage } = await prepare(Buffer.from('first'))
    for (const text of ['second', 'third', 'fourth']) await prepare(Buffer.from(text))
    const { mediaKey, directPath, url } = documentMessage ?? {}
    const message = { mediaKey, directPath, url } as Parameters<typeof downloadContentFromMessage>[0]
    await expect(downloadContentFromMessage(message, 'document')).rejects.toMatchObject({
      output: { statusCode: 410 },
    })
  })

  it('fails for a file above the limit, and keeps nothing', async () => {
    await expect(prepare(Buffer.alloc(LIMITS.maxFileBytes))).rejects.toThrow('upload failed on all hosts')
    expect(media.store.list()).toEqual([])
  })
})

describe("a simulated person's media", () => {
  it.each(['image', 'video', 'audio', 'document', 'sticker'] as const)(
    'is read by Baileys, and the other way round: %s',
    async (kind) => {
      const plain = Buffer.from(`a ${kind} of some bytes`)
      const message = await mediaMessage(media, kind, plain)
      const content = message[`${kind}Message`] as Parameters<typeof downloadContentFromMessage>[0]
      expect(await bytesOf(await downloadContentFromMessage(content, kind))).toEqual(plain)
      expect(await mediaOf(media, message)).toEqual(plain)
    },
  )

  it('of Baileys is read by a simulated person', async () => {
    const plain = Buffer.from('a document')
    expect(await mediaOf(media, (await prepare(plain)) as proto.IMessage)).toEqual(plain)
  })

  it('is refused when it is gone, exchanged, or was never there', async () => {
    const first = await mediaMessage(media, 'image', Buffer.from('first'))
    const second = await mediaMessage(media, 'image', Buffer.from('second'))
    const exchanged = { imageMessage: { ...first.imageMessage, mediaKey: second.imageMessage?.mediaKey } }
    await expect(mediaOf(media, exchanged as proto.IMessage)).rejects.toThrow('not the one that was sealed')
    media.store.clear()
    await expect(mediaOf(media, first)).rejects.toThrow('not on the media host')
    await expect(mediaOf(media, { conversation: 'hi' })).rejects.toThrow('carries no media')
  })
})

describe('an upload', () => {
  const content = Buffer.from('sealed bytes')
  const hash = createHash('sha256').update(content).digest('base64url')

  it.each([
    ['without the token of media_conn', { auth: 'other' }, 401],
    ['whose hash is not that of the file', { hash: 'AAAA' }, 400],
    ['that is not a POST', { method: 'PUT' }, 405],
    ['to a path of no media kind', { path: '/mms/novel' }, 404],
  ])('%s is refused', async (_, change, status) => {
    const answer = await upload({ content, hash, ...change })
    expect(answer.status).toBe(status)
    expect(media.store.list()).toEqual([])
  })

  it('that is broken off leaves nothing', async () => {
    const socket = connect(port, '127.0.0.1')
    const auth = String(media.mediaConnNode().attrs['auth'])
    socket.write(
      `POST /mms/image/${hash}?auth=${auth}&token=${hash} HTTP/1.1\r\nhost: x\r\ncontent-length: 12\r\n\r\nseal`,
    )
    await delay(20)
    socket.destroy()
    expect((await upload({ content, hash })).status).toBe(200)
    expect(media.store.list()).toHaveLength(1)
  })
})

describe('the one port', () => {
  it('answers plain HTTP and TLS alike', async () => {
    const answers = await Promise.all(
      ['http', 'https'].map((scheme) => fetch(`${scheme}://127.0.0.1:${port}/none`).then((r) => r.text())),
    )
    expect(answers).toEqual(['not the media host', 'not the media host'])
  })

  it('survives clients that say nothing, nonsense or half a TLS greeting', async () => {
    const clients = ['', '\x00\x01\x02', '\x16\x03\x01\x00', 'GET'].map((text) => {
      const client = connect(port, '127.0.0.1').on('error', () => undefined)
      if (text !== '') client.write(text, 'latin1')
      return client
    })
    expect((await fetch(`https://127.0.0.1:${port}/none`)).status).toBe(404)
    for (const client of clients) client.resetAndDestroy()
    await delay(20)
    expect((await fetch(`http://127.0.0.1:${port}/none`)).status).toBe(404)
  })

  it('refuses while it does not listen, keeps its number, and frees it when closed', async () => {
    onePort.stopListening()
    await expect(fetch(`http://127.0.0.1:${port}/none`)).rejects.toThrow('fetch failed')
    expect(await onePort.listen(port)).toBe(port)
    expect((await fetch(`http://127.0.0.1:${port}/none`)).status).toBe(404)
    await onePort.close()
    await onePort.close()
    await expect(fetch(`http://127.0.0.1:${port}/none`)).rejects.toThrow('fetch failed')
  })

  it('says so when the port is taken', async () => {
    const other = new OnePort({ http: createServer(), certificate: loopbackCertificate })
    await expect(other.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

async function prepare(plain: Buffer) {
  const { attrs, content } = media.mediaConnNode()
  const hosts = (content as BinaryNode[]).map((host) => host.attrs)
  const silent = { debug() {}, info() {}, warn() {}, error() {}, trace() {} }
  const uploadByBaileys = getWAUploadToServer(
    { customUploadHosts: [], logger: silent, options: {} } as unknown as SocketConfig,
    () => Promise.resolve({ auth: attrs['auth'] ?? '', ttl: 300, hosts, fetchDate: new Date() } as never),
  )
  return prepareWAMessageMedia({ document: plain, mimetype: 'application/pdf' }, { upload: uploadByBaileys })
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function upload(parts: { content: Buffer; hash: string; auth?: string; method?: string; path?: string }) {
  const auth = parts.auth ?? String(media.mediaConnNode().attrs['auth'])
  const path = `${parts.path ?? '/mms/image'}/${parts.hash}?auth=${auth}&token=${parts.hash}`
  return fetch(`https://127.0.0.1:${port}${path}`, {
    method: parts.method ?? 'POST',
    body: new Uint8Array(parts.content),
  })
}
