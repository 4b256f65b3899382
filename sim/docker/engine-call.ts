/**
 * HTTP to the Docker engine: by its Unix socket, or where DOCKER_HOST points to. Short questions have a deadline;
 * what lasts as long as a container does is a stream. Who asks decides what an answer means.
 */

import { request } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'

export interface EngineQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** A tar archive as it is, anything else as JSON. */
  readonly body?: object | Buffer
}

export interface EngineAnswer {
  readonly status: number
  readonly body: string
}

/** There is no engine where one is looked for. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError'
}

/** @throws Error when no answer comes in time, or at all */
export function callEngine(question: EngineQuestion, deadlineMs: number): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const call = send(question, { timeout: deadlineMs }, reject)
    call?.on('timeout', () => call.destroy(new Error(`no answer within ${deadlineMs} ms`)))
    call?.on('response', (response) => {
      readAll(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
  })
}

/** An answer that goes on, once its head has come; whoever asked destroys it. @throws Error */
export function openEngineStream(question: EngineQuestion): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A connection of its own: it is not given back for others to use.
    send(question, { agent: false }, reject)?.on('response', resolve)
  })
}

export async function readAll(response: IncomingMessage): Promise<string> {
  const chunks = await response.setEncoding('utf8').toArray()
  return chunks.join('')
}

function send({ method, path, body }: EngineQuestion, more: RequestOptions, onError: (error: Error) => void) {
  const target = engineTarget()
  if (target === undefined) {
    onError(new NoEngineError('there is no Docker engine'))
    return undefined
  }
  const isArchive = Buffer.isBuffer(body)
  const type = isArchive ? 'application/x-tar' : 'application/json'
  const headers = body === undefined ? {} : { 'content-type': type }
  const call = request({ ...target, method, path, headers, ...more })
  call.on('error', onError)
  call.end(body === undefined || isArchive ? body : JSON.stringify(body))
  return call
}

/** Where an engine is looked for, for messages. */
export function enginePlace(): string {
  const dockerHost = process.env['DOCKER_HOST']
  if (dockerHost !== undefined && dockerHost !== '') return `DOCKER_HOST=${dockerHost}`
  return sockets().join(' or ')
}

function engineTarget(): { socketPath: string } | { host: string; port: number } | undefined {
  const dockerHost = process.env['DOCKER_HOST']
  if (dockerHost !== undefined && dockerHost !== '') {
    if (dockerHost.startsWith('unix://')) return { socketPath: dockerHost.slice('unix://'.length) }
    if (!URL.canParse(dockerHost)) return undefined
    const { hostname, port } = new URL(dockerHost)
    return { host: hostname, port: Number(port === '' ? '2375' : port) }
  }
  const socketPath = sockets().find((path) => existsSync(path))
  return socketPath === undefined ? undefined : { socketPath }
}

function sockets(): string[] {
  return ['/var/run/docker.sock', `${homedir()}/.docker/run/docker.sock`]
}
