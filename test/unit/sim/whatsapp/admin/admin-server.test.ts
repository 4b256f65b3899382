import { createServer, request as httpRequest } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { notFound } from '../../../../../sim/whatsapp/admin/admin-problem.ts'
import { AdminServer } from '../../../../../sim/whatsapp/admin/admin-server.ts'
import { route } from '../../../../../sim/whatsapp/admin/route.ts'

const routes = [
  route('GET', '/admin', { does: 'greet', answer: () => ({ hello: 'you' }) }),
  route('POST', '/admin/things', {
    does: 'make a thing',
    body: z.strictObject({ name: z.string().min(1), size: z.int().min(0) }),
    status: 201,
    answer: ({ body }) => ({ made: body.name, bytes: Buffer.from('ab'), at: new Map([['k', 1]]) }),
  }),
  route('DELETE', '/admin/things/:name', {
    does: 'remove a thing',
    answer: ({ params }) => {
      throw notFound(`no thing is named "${params['name'] ?? ''}"`, 'path', '/admin/things')
    },
  }),
]

let server: Server
let port: number

beforeAll(async () => {
  const admin = new AdminServer(routes)
  server = createServer((request, response) => {
    if (!admin.handle(request, response)) response.writeHead(426).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describe('a good request', () => {
  it('is answered with JSON', async () => {
    expect(await ask('GET', '/admin')).toEqual({ status: 200, json: { hello: 'you' } })
    expect((await ask('GET', '/admin/?x=1')).status).toBe(200)
  })

  it('creates, and shows bytes as base64 and maps as objects', async () => {
    expect(await ask('POST', '/admin/things', { name: 'a', size: 1 })).toEqual({
      status: 201,
      json: { made: 'a', bytes: 'YWI=', at: { k: 1 } },
    })
  })
})

describe('a bad request is told what, where and how to mend it', () => {
  it.each([
    ['an unknown path', 'GET', '/admin/none', undefined, 404, /nothing at/],
    ['a wrong method', 'DELETE', '/admin/things', undefined, 405, /does not take DELETE/],
    ['a thing that is not there', 'DELETE', '/admin/things/a%20b', undefined, 404, /named "a b"/],
    ['a bad escape', 'DELETE', '/admin/things/%zz', undefined, 400, /percent escape/],
    ['a body that is no JSON', 'POST', '/admin/things', '{"name":', 400, /not JSON/],
    ['an empty body', 'POST', '/admin/things', '', 400, /not JSON/],
    ['wrong fields', 'POST', '/admin/things', { name: '', sise: 1 }, 400, /wrong fields/],
    ['a body too large', 'POST', '/admin/things', 'x'.repeat(1_000_001), 413, /larger than/],
  ])('%s', async (_, method, path, body, status, what) => {
    const answer = await ask(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.json).toEqual({
      error: {
        what: expect.stringMatching(what) as string,
        where: expect.any(String) as string,
        mend: expect.any(String) as string,
      },
    })
  })

  it('names each wrong field', async () => {
    const { json } = await ask('POST', '/admin/things', { name: 5, sise: 1 })
    expect((json as { error: { where: string } }).error.where).toMatch(/name: .*size: .*no such field: sise/)
  })

  it('a body that is not declared as JSON, as a form of a web page would be', async () => {
    const answer = await ask(
      'POST',
      '/admin/things',
      { name: 'a', size: 1 },
      { 'content-type': 'text/plain' },
    )
    expect(answer.status).toBe(415)
  })
})

describe('a request made by a web page from elsewhere', () => {
  it.each([
    [{ host: 'evil.example' }],
    [{ host: 'localhost.evil.example' }],
    [{ host: '127.0.0.1:80', origin: 'https://evil.example' }],
    [{ host: '127.0.0.1:80', origin: 'null' }],
  ])('%o is refused', async (headers) => {
    expect((await ask('GET', '/admin', undefined, headers)).status).toBe(403)
  })
  it.each([
    [{ host: 'localhost:1' }],
    [{ host: '[::1]:1' }],
    [{ host: '127.0.0.1', origin: 'http://localhost:3' }],
  ])('%o of this machine is not', async (headers) => {
    expect((await ask('GET', '/admin', undefined, headers)).status).toBe(200)
  })
})

describe('whatever comes', () => {
  it('is answered, never with 500, and the server lives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'),
        fc.oneof(
          fc.constantFrom('/admin/things', '/admin/things/a', '/admin'),
          fc.webPath().map((path) => `/admin${path}`),
        ),
        fc.oneof(fc.json(), fc.string(), fc.constant('{"__proto__":{"name":1}}')),
        async (method, path, body) => {
          const { status } = await ask(method, path, body)
          expect([200, 201, 400, 404, 405, 426]).toContain(status)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('may break off in the middle', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'POST /admin/things HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
    )
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.resetAndDestroy()
    expect((await ask('GET', '/admin')).status).toBe(200)
  })
})

interface Answer {
  readonly status: number
  readonly json: unknown
}

/** Node's own client, because `fetch` does not let a caller choose the Host header. */
function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const contentLength = Buffer.byteLength(text ?? '')
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { 'content-type': 'application/json', 'content-length': contentLength, ...headers },
      },
      (response) => {
        let content = ''
        response.on('data', (chunk: Buffer) => (content += chunk.toString()))
        response.on('end', () => {
          const json = content === '' ? undefined : (JSON.parse(content) as unknown)
          resolve({ status: response.statusCode ?? 0, json })
        })
      },
    )
    request.on('error', reject)
    request.end(text)
  })
}
