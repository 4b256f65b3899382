/**
 * A program in a container from its start to its end: what it prints, with what status it ends, and whether the
 * kernel killed something in it for want of memory. Surprising: the engine's own small init is the container's
 * process 1, because the kernel spares a process 1 every signal that it does not handle.
 */

import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { OWNER_LABEL, inspectContainer, removeContainer } from './docker-engine.ts'
import { callEngine, openEngineStream, readAll } from './engine-call.ts'
import type { EngineQuestion } from './engine-call.ts'
import { folderArchive } from './folder-archive.ts'
import { OutputFrames } from './output-frames.ts'
import type { OutputFrame } from './output-frames.ts'

export interface ContainerProcessOptions {
  readonly image: string
  /** Takes the place of the image's own entry point and command. */
  readonly command: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Its working folder, and the volumes that the image names, are made this user's own. */
  readonly user: { readonly uid: number; readonly gid: number }
  /** Of all its processes, swap included. */
  readonly memoryLimitBytes: number
  /** Folders of this machine that it sees under the same path, and cannot change. */
  readonly mounts: readonly string[]
  /** The same for folders that it can change. */
  readonly writableMounts: readonly string[]
  onOutput(frame: OutputFrame): void
  /** The kernel has killed one of its processes; the others may live on. Before `onExit` at the latest. */
  onOutOfMemory(): void
  /** The engine does not answer any more, before `onExit`; the container may have ended, or not. */
  onEngineGone(): void
  /** Once, after `start` has resolved; 128 plus the signal's number when a signal ended it. */
  onExit(status: number): void
}

const CREATE_DEADLINE_MS = 60_000
/** The engine closes its streams when all who hold them have ended. */
const LAST_WORDS_MS = 500

export class ContainerProcess {
  readonly #options: ContainerProcessOptions
  readonly #streams: IncomingMessage[] = []
  #id: string | undefined
  #spoken: Promise<void> = Promise.resolve()
  #wasShort = false

  constructor(options: ContainerProcessOptions) {
    this.#options = options
  }

  /** @returns the container's id and the pid of its init: 0 when it has ended already. @throws Error */
  async start(): Promise<{ readonly id: string; readonly initPid: number }> {
    const id = await this.#create()
    this.#id = id
    await this.#giveFolders(id)
    await this.#listen(id)
    await this.#watchMemory(id)
    await ordered({ method: 'POST', path: `/containers/${id}/start` })
    const initPid = (await inspectContainer(id))?.pid ?? 0
    void this.#awaitExit(id)
    return { id, initPid }
  }

  /** Resolves when its last words have been heard. */
  async lastWords(): Promise<void> {
    await Promise.race([this.#spoken, delay(LAST_WORDS_MS)])
  }

  /** With whatever runs in it; may be called twice. */
  async remove(): Promise<void> {
    for (const stream of this.#streams) stream.destroy()
    if (this.#id !== undefined) await removeContainer(this.#id)
  }

  async #create(): Promise<string> {
    const { image, command, environment, labels, user, memoryLimitBytes } = this.#options
    const { mounts, writableMounts } = this.#options
    const [file, ...args] = command
    const body = {
      Image: image,
      Entrypoint: [file],
      Cmd: args,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      Labels: { ...labels, [OWNER_LABEL]: `${process.pid}` },
      User: `${user.uid}:${user.gid}`,
      // The engine's looks are processes in the container, and would be measured as the app's.
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        NetworkMode: 'host',
        Init: true,
        Memory: memoryLimitBytes,
        // Memory and swap together: no swap.
        MemorySwap: memoryLimitBytes,
        Binds: [
          ...mounts.map((folder) => `${folder}:${folder}:ro`),
          ...writableMounts.map((folder) => `${folder}:${folder}`),
        ],
        // What it prints is read as it comes and kept nowhere.
        LogConfig: { Type: 'none', Config: {} },
      },
    }
    const created: { Id: string } = JSON.parse(
      await ordered({ method: 'POST', path: '/containers/create', body }),
    )
    return created.Id
  }

  /** An image's files are root's, or its own user's, and a bot writes beside its program. */
  async #giveFolders(id: string): Promise<void> {
    const { user } = this.#options
    if (user.uid === 0) return
    const text = await ordered({ method: 'GET', path: `/containers/${id}/json` })
    const { Config }: { Config: { WorkingDir: string; Volumes: object | null } } = JSON.parse(text)
    const body = folderArchive([Config.WorkingDir, ...Object.keys(Config.Volumes ?? {})], user)
    await ordered({ method: 'PUT', path: `/containers/${id}/archive?path=/`, body })
  }

  async #listen(id: string): Promise<void> {
    const path = `/containers/${id}/attach?stream=1&stdout=1&stderr=1`
    const output = await this.#open({ method: 'POST', path })
    const frames = new OutputFrames()
    output.on('data', (bytes: Buffer) => {
      for (const frame of frames.add(bytes)) this.#options.onOutput(frame)
    })
    this.#spoken = new Promise((resolve) => output.once('close', resolve))
  }

  async #watchMemory(id: string): Promise<void> {
    const filters = encodeURIComponent(JSON.stringify({ container: [id], event: ['oom'] }))
    const events = await this.#open({ method: 'GET', path: `/events?filters=${filters}` })
    events.on('data', () => this.#ranOutOfMemory())
  }

  async #open(question: EngineQuestion): Promise<IncomingMessage> {
    const stream = await openEngineStream(question)
    // A stream that is cut ends; the exit tells what there is to tell.
    stream.on('error', () => undefined)
    this.#streams.push(stream)
    if (stream.statusCode !== 200) throw new Error(engineMessage(await readAll(stream)))
    return stream
  }

  async #awaitExit(id: string): Promise<void> {
    let status = 1
    try {
      const answer = await openEngineStream({ method: 'POST', path: `/containers/${id}/wait` })
      const end: { StatusCode: number } = JSON.parse(await readAll(answer))
      status = end.StatusCode
    } catch {
      this.#options.onEngineGone()
    }
    // The event may come later than the end, or not at all.
    if (!this.#wasShort && (await inspectContainer(id))?.isOutOfMemory === true) this.#ranOutOfMemory()
    this.#options.onExit(status)
  }

  #ranOutOfMemory(): void {
    this.#wasShort = true
    this.#options.onOutOfMemory()
  }
}

/** @throws Error in the engine's words when it does not do it */
async function ordered(question: EngineQuestion): Promise<string> {
  const { status, body } = await callEngine(question, CREATE_DEADLINE_MS)
  if (status >= 400) throw new Error(`Docker: ${engineMessage(body)}`)
  return body
}

function engineMessage(body: string): string {
  try {
    const found: { message?: string } = JSON.parse(body)
    return found.message ?? body
  } catch {
    return body.trim()
  }
}
