/**
 * The few questions we put to a Docker engine ourselves, over its HTTP socket: does it answer, does it hold
 * an image, what containers did dead runs leave. Starting Postgres is testcontainers' matter, a dyno's container
 * is dyno-container.ts's. Each question has a short deadline, because `auto` asks on machines without Docker too.
 */

import { InfrastructureError } from '../infrastructure-error.ts'
import { isLeftover } from '../postgres/leftovers.ts'
import { callEngine, enginePlace } from './engine-call.ts'
import type { EngineAnswer, EngineQuestion } from './engine-call.ts'

/** On every container of ours; the value is the pid of the lab that started it. */
export const OWNER_LABEL = 'blacksky.lab.pid'

const ASK_DEADLINE_MS = 2_000

export type EngineState = 'up' | 'absent' | 'forbidden'

export async function engineState(): Promise<EngineState> {
  try {
    const { status } = await callEngine({ method: 'GET', path: '/_ping' }, ASK_DEADLINE_MS)
    if (status === 200) return 'up'
    return status === 401 || status === 403 ? 'forbidden' : 'absent'
  } catch (error) {
    return isForbidden(error) ? 'forbidden' : 'absent'
  }
}

/** Whether the engine's socket is there, but not for this user. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
}

/**
 * @param without how to do without an engine, for the hint
 * @throws InfrastructureError when none answers, or not to this user
 */
export async function requireEngine(without: string): Promise<void> {
  const state = await engineState()
  if (state === 'absent') {
    throw new InfrastructureError(
      `no Docker engine answers at ${enginePlace()}`,
      `start Docker, or use ${without}, which needs none`,
    )
  }
  if (state === 'forbidden') {
    throw new InfrastructureError(
      `the Docker engine at ${enginePlace()} does not answer to this user`,
      `join the group docker (sudo usermod -aG docker $USER, then log in again), or use ${without}`,
    )
  }
}

export interface ImageFacts {
  /** What it runs when nothing else is said. */
  readonly command: readonly string[]
  /** Its own variables. */
  readonly environment: Readonly<Record<string, string>>
}

/** `no-name`: the engine takes the word for no name of an image. `no-answer`: not in time. */
export type ImageFinding = ImageFacts | 'missing' | 'no-name' | 'no-answer'

export async function findImage(image: string): Promise<ImageFinding> {
  const answer = await ask({ method: 'GET', path: `/images/${encodeURIComponent(image)}/json` })
  if (answer === undefined) return 'no-answer'
  if (answer.status === 400) return 'no-name'
  if (answer.status !== 200) return 'missing'
  const found: { Config?: { Entrypoint?: string[] | null; Cmd?: string[] | null; Env?: string[] | null } } =
    JSON.parse(answer.body)
  const { Entrypoint: entryPoint, Cmd: words, Env: variables } = found.Config ?? {}
  return {
    command: [...(entryPoint ?? []), ...(words ?? [])],
    environment: Object.fromEntries((variables ?? []).map(parseVariable)),
  }
}

export async function hasImage(image: string): Promise<boolean> {
  return typeof (await findImage(image)) === 'object'
}

function parseVariable(line: string): [string, string] {
  const [name = '', ...value] = line.split('=')
  return [name, value.join('=')]
}

/** Whether any image of this repository is present, whatever its tag. */
export async function hasRepository(repository: string): Promise<boolean> {
  const answer = await ask({ method: 'GET', path: `/images/json?filters=${filter('reference', repository)}` })
  return answer?.status === 200 && answer.body.trim() !== '[]'
}

/** The kernel that containers run on: another one than ours means another machine, real or virtual. */
export async function engineKernel(): Promise<string | undefined> {
  const answer = await ask({ method: 'GET', path: '/info' })
  if (answer?.status !== 200) return undefined
  const found: { KernelVersion: string } = JSON.parse(answer.body)
  return found.KernelVersion
}

/** Removes containers of labs that died more than a day ago. */
export async function sweepContainers(): Promise<void> {
  for (const { id, labels, createdAtMs } of await labelledContainers(OWNER_LABEL)) {
    if (isLeftover(Number(labels[OWNER_LABEL]), createdAtMs)) await removeContainer(id)
  }
}

export interface LabelledContainer {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly createdAtMs: number
}

/** @param label `name` or `name=value`; ended containers are found, too */
export async function labelledContainers(label: string): Promise<readonly LabelledContainer[]> {
  const path = `/containers/json?all=true&filters=${filter('label', label)}`
  const answer = await ask({ method: 'GET', path })
  if (answer?.status !== 200) return []
  const found: { Id: string; Created: number; Labels: Record<string, string> }[] = JSON.parse(answer.body)
  return found.map(({ Id, Created, Labels }) => ({ id: Id, labels: Labels, createdAtMs: Created * 1_000 }))
}

/** Running or not, with its volumes; harmless when it is gone. */
export async function removeContainer(id: string): Promise<void> {
  await ask({ method: 'DELETE', path: `/containers/${id}?force=true&v=true` }, REMOVE_DEADLINE_MS)
}

const REMOVE_DEADLINE_MS = 20_000

export interface ContainerFacts {
  readonly isRunning: boolean
  /** Of its first process, as this machine numbers it; 0 when none runs. */
  readonly pid: number
  /** The kernel killed a process of it for want of memory. */
  readonly isOutOfMemory: boolean
  /** Port inside → port on the host. */
  readonly hostPorts: Readonly<Record<number, number>>
}

/** Undefined when the engine does not know it. */
export async function inspectContainer(id: string): Promise<ContainerFacts | undefined> {
  const answer = await ask({ method: 'GET', path: `/containers/${id}/json` })
  if (answer?.status !== 200) return undefined
  const found: {
    State: { Running: boolean; Pid: number; OOMKilled: boolean }
    NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> | null }
  } = JSON.parse(answer.body)
  const ports = Object.entries(found.NetworkSettings.Ports ?? {}).flatMap(([inside, hosts]) => {
    const hostPort = hosts?.[0]?.HostPort
    return hostPort === undefined ? [] : [[Number.parseInt(inside, 10), Number(hostPort)] as const]
  })
  const { Running: isRunning, Pid: pid, OOMKilled: isOutOfMemory } = found.State
  return { isRunning, pid, isOutOfMemory, hostPorts: Object.fromEntries(ports) }
}

/** To its first process. */
export async function signalContainer(id: string, signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  await ask({ method: 'POST', path: `/containers/${id}/kill?signal=${signal}` })
}

/** One that has ended. */
export async function startAgain(id: string): Promise<void> {
  await ask({ method: 'POST', path: `/containers/${id}/start` })
}

function filter(name: string, value: string): string {
  return encodeURIComponent(JSON.stringify({ [name]: [value] }))
}

/** The engine's answer; undefined when there is none in time. */
function ask(question: EngineQuestion, deadlineMs = ASK_DEADLINE_MS): Promise<EngineAnswer | undefined> {
  return callEngine(question, deadlineMs).catch(() => undefined)
}
