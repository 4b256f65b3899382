/**
 * What the bot used to do, as a target that must fail: reload at once on any close, with the old socket's
 * listeners still attached so that a reload causes the next one; judge memory by heapUsed/heapTotal; back the
 * session up every 15 minutes and take any read error for "no session"; answer live messages only, and every
 * copy of them. It is not made worse than it was: its backup works here, which it did not.
 */

import type { SignalKeyChanges, WhatsappSocket } from '../../src/ports/whatsapp-socket.ts'
import { parse, serialise } from '../../src/session/codec.ts'
import type { RunningTarget, Target, TargetContext } from './target.ts'

const BACKUP_EVERY_MS = 15 * 60_000
const MEMORY_CHECK_EVERY_MS = 60_000
const RELOAD_MS = 60
/** "Connection check": finds `ws.readyState` undefined, takes it for dead, and reloads every sixth time. */
const FALSE_ALARM_EVERY_MS = 180_000

export const before: Target = {
  name: 'before',
  startSupervisor: undefined,
  adapter: 'plain',
  start: (context) => {
    const bot = new BotOfBefore(context)
    bot.start()
    return bot
  },
}

class BotOfBefore implements RunningTarget {
  readonly #context: TargetContext
  readonly #keys = new Map<string, unknown>()
  #creds: Record<string, unknown> = {}
  #backups = 0
  #epoch = 0
  #socket: WhatsappSocket | undefined
  #nextReply = 0
  #isReloading = false

  constructor(context: TargetContext) {
    this.#context = context
  }

  start(): void {
    this.#context.bindPort()
    void this.#restore().then(() => {
      this.#reload()
      this.#every('before.backup', BACKUP_EVERY_MS, () => void this.#backup())
      this.#every('before.memory', MEMORY_CHECK_EVERY_MS, () => this.#checkHeapRatio())
      this.#every('before.keeper', FALSE_ALARM_EVERY_MS, () => this.#reload())
    })
  }

  /** SIGTERM was noticed and nothing was flushed. */
  terminate(): void {
    this.#context.ports.clock.setTimer('before.exit', 500, () => this.#context.ports.exit.exit('stopped'))
  }

  async #restore(): Promise<void> {
    const { sessionStore, connector } = this.#context.ports
    this.#creds = connector.freshCreds()
    try {
      const row = await sessionStore.readLease()
      this.#epoch = (await sessionStore.takeLease({ owner: this.#context.owner, expected: row }))?.epoch ?? 0
      const creds = await sessionStore.readCreds()
      if (creds !== undefined) this.#creds = parse(creds) as Record<string, unknown>
    } catch {
      this.#context.ports.logger.warn('before.no-session')
    }
  }

  async #backup(): Promise<void> {
    const keys = [...this.#keys].map(([name, value]) => {
      const [type = '', id = ''] = name.split('\n')
      return { type, id, value: serialise(value) }
    })
    const commit = {
      epoch: this.#epoch,
      sequence: ++this.#backups,
      nowMs: this.#context.ports.clock.nowMs(),
      creds: serialise(this.#creds),
      keys,
    }
    await this.#context.ports.sessionStore.commit(commit).catch(() => 'swallowed')
  }

  /** Making a socket keeps the CPU busy for so long: the log of the storm shows about 16 a second. */
  #reload(): void {
    if (this.#isReloading) return
    this.#isReloading = true
    this.#context.ports.clock.setTimer('before.reload', RELOAD_MS, () => {
      this.#isReloading = false
      this.#reloadNow()
    })
  }

  #reloadNow(): void {
    const previous = this.#socket
    this.#socket = this.#context.ports.connector.connect({
      auth: {
        creds: this.#creds,
        keys: { get: (type, ids) => this.#readKeys(type, ids), set: (changes) => this.#writeKeys(changes) },
        saveCreds: () => Promise.resolve(),
      },
      accept: (message) => {
        if (message.kind === 'notify' && message.text.startsWith('.'))
          this.#answer(message.chat, message.text)
        return Promise.resolve()
      },
      onEvent: (event) => {
        if (event.type === 'close') this.#reload()
      },
    })
    // Its close handler is still attached: this end is what causes the next reload.
    void previous?.end()
  }

  #answer(chat: string, command: string): void {
    this.#nextReply += 1
    const id = `before-${this.#context.owner.slice(0, 8)}-${this.#nextReply}`
    this.#socket?.send({ id, chat, text: command.replace('.ping', 'pong') }).catch(() => undefined)
  }

  async #readKeys(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {}
    const missing = ids.filter((id) => !this.#keys.has(`${type}\n${id}`))
    if (missing.length > 0) {
      const stored = await this.#context.ports.sessionStore.readKeys({ type, ids: missing }).catch(() => [])
      for (const { id, value } of stored) this.#keys.set(`${type}\n${id}`, parse(value))
    }
    for (const id of ids) {
      const value = this.#keys.get(`${type}\n${id}`)
      if (value !== undefined) found[id] = value
    }
    return found
  }

  #writeKeys(changes: SignalKeyChanges): Promise<void> {
    for (const [type, byId] of Object.entries(changes)) {
      for (const [id, value] of Object.entries(byId)) {
        if (value === null) this.#keys.delete(`${type}\n${id}`)
        else this.#keys.set(`${type}\n${id}`, value)
      }
    }
    return Promise.resolve()
  }

  #checkHeapRatio(): void {
    const { memoryProbe, logger } = this.#context.ports
    const { heapUsedBytes, heapTotalBytes } = memoryProbe.sample()
    const percent = Math.round((heapUsedBytes / heapTotalBytes) * 100)
    if (percent >= 85) logger.warn('before.memory-emergency', { percent })
  }

  #every(label: string, intervalMs: number, action: () => void): void {
    this.#context.ports.clock.setTimer(label, intervalMs, () => {
      action()
      this.#every(label, intervalMs, action)
    })
  }
}
