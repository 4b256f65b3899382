/**
 * The account's linked device as the server knows it: its id, the Noise key it must show, and its one-time
 * pre-keys. One device at a time: a new pairing replaces the old device, which is then as good as unlinked
 * (WhatsApp allows four; the bot has no business with a second one).
 */

import type { DeviceIdentity, Hello, PreKeyUpload } from './whatsapp-connection.ts'

export type LoginCheck = 'ok' | 'unlinked' | 'unknown-device' | 'wrong-noise-key'

interface LinkedDevice extends DeviceIdentity {
  readonly noiseKey: string
  readonly uploaded: Map<number, string>
  readonly unused: number[]
  isLinked: boolean
}

const ACCOUNT = '4915550000001'

export class DeviceRegistry {
  #device: LinkedDevice | undefined
  #count = 0

  get current(): DeviceIdentity | undefined {
    return this.#device
  }

  get isLinked(): boolean {
    return this.#device?.isLinked === true
  }

  get unusedPreKeys(): number {
    return this.#device?.unused.length ?? 0
  }

  /** The identity that the next device will have. */
  nextIdentity(): DeviceIdentity {
    const number = this.#count + 1
    return { deviceId: `device-${number}`, jid: `${ACCOUNT}:${number}@s.whatsapp.net` }
  }

  link(identity: DeviceIdentity, noiseKey: string): void {
    this.#count += 1
    this.#device = { ...identity, noiseKey, uploaded: new Map(), unused: [], isLinked: true }
  }

  unlink(): void {
    if (this.#device !== undefined) this.#device.isLinked = false
  }

  check(hello: Hello): LoginCheck {
    const device = this.#device
    if (device === undefined || device.deviceId !== hello.deviceId) return 'unknown-device'
    if (!device.isLinked) return 'unlinked'
    return device.noiseKey === hello.noiseKey ? 'ok' : 'wrong-noise-key'
  }

  /** Returns how many of the ids were uploaded before with another key. */
  upload(keys: readonly PreKeyUpload[]): number {
    const device = this.#device
    if (device === undefined) return 0
    let reused = 0
    for (const key of keys) {
      const earlier = device.uploaded.get(key.id)
      if (earlier === key.publicKey) continue
      if (earlier !== undefined) reused += 1
      device.uploaded.set(key.id, key.publicKey)
      if (!device.unused.includes(key.id)) device.unused.push(key.id)
    }
    return reused
  }

  /** Hands one out to somebody who begins a session; undefined when none is left (then it goes without). */
  takePreKey(): number | undefined {
    return this.#device?.unused.shift()
  }
}
