/**
 * The few questions we put to a Docker engine ourselves, over its HTTP socket: does it answer, does it hold
 * an image, what containers did dead runs leave. Starting containers is testcontainers' matter. Each
 * question has a short deadline, because `auto` asks on machines without Docker too.
 */

import { request } from 'node:http'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { isLeftover } from './leftovers.ts'

/** On every container of ours; the value is the pid of the lab that started it. */
export const OWNER_LABEL = 'blacksky.lab.pid'

const ASK_DEADLINE_MS = 2000

interface Answer {
  readonly status: number
  readonly body: string
}

export async function isEngineUp(): Promise<boolean> {
  return (await ask('GET', '/_ping'))?.status === 200
}

export async function hasImage(image: string): Promise<boolean> {
  return (await ask('GET', `/images/${encodeURIComponent(image)}/json`))?.status === 200
}

/** Whether any image of this repository is present, whatever its tag. */
export async function hasRepository(repository: string): Promise<boolean> {
  const answer = await ask('GET', `/images/json?filters=${filter('reference', repository)}`)
  return answer?.status === 200 && answer.body.trim() !== '[]'
}

/** Removes containers of labs that died more than a day ago. */
export async function sweepContainers(): Promise<void> {
  const answer = await ask('GET', `/containers/json?all=true&filters=${filter('label', OWNER_LABEL)}`)
  if (answer?.status !== 200) return
  const found: { Id: string; Created: number; Labels: Record<string, string> }[] = JSON.parse(answer.body)
  for (const { Id, Created, Labels } of found) {
    if (isLeftover(Number(Labels[OWNER_LABEL]), Created * 1000))
      await ask('DELETE', `/containers/${Id}?force=true&v=true`)
  }
}

export interface ContainerFacts {
  readonly isRunning: boolean
  /** Port inside → port on the host. */
  readonly hostPorts: Readonly<Record<number, number>>
}

/** Undefined when the engine does not know it. */
export async function inspectContainer(id: string): Promise<ContainerFacts | undefined> {
  const answer = await ask('GET', `/containers/${id}/json`)
  if (answer?.status !== 200) return undefined
  const found: {
    State: { Running: boolean }
    NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> }
  } = JSON.parse(answer.body)
  const ports = Object.entries(found.NetworkSettings.Ports).flatMap(([inside, hosts]) => {
    const hostPort = hosts?.[0]?.HostPort
    return hostPort === undefined ? [] : [[Number.parseInt(inside, 10), Number(hostPort)] as const]
  })
  return { isRunning: found.State.Running, hostPorts: Object.fromEntries(ports) }
}

/** To its first process. */
export async function signalContainer(id: string, signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  await ask('POST', `/containers/${id}/kill?signal=${signal}`)
}

/** One that has ended. */
export async function startAgain(id: string): Promise<void> {
  await ask('POST', `/containers/${id}/start`)
}

function filter(name: string, value: string): string {
  return encodeURIComponent(JSON.stringify({ [name]: [value] }))
}

/** The engine's answer; undefined when there is none in time. */
function ask(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Answer | undefined> {
  const target = engineTarget()
  if (target === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const call = request({ ...target, method, path, timeout: ASK_DEADLINE_MS }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', () => resolve(undefined))
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(undefined))
    call.end()
  })
}

function engineTarget(): { socketPath: string } | { host: string; port: number } | undefined {
  const dockerHost = process.env['DOCKER_HOST']
  if (dockerHost !== undefined && dockerHost !== '') {
    if (dockerHost.startsWith('unix://')) return { socketPath: dockerHost.slice('unix://'.length) }
    if (!URL.canParse(dockerHost)) return undefined
    const { hostname, port } = new URL(dockerHost)
    return { host: hostname, port: Number(port === '' ? '2375' : port) }
  }
  const sockets = ['/var/run/docker.sock', `${homedir()}/.docker/run/docker.sock`]
  const socketPath = sockets.find((path) => existsSync(path))
  return socketPath === undefined ? undefined : { socketPath }
}
