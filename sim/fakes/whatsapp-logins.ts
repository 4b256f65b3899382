/**
 * Who may come in: what the server answers to a hello, pairing by QR code, and what the phone does about it.
 * The order is WhatsApp's: a paired device gets 515 and must log in on a new connection; a second login of
 * one device puts the first out with 440; a device that the phone has removed gets 401, now and for ever.
 */

import { Buffer } from 'node:buffer'
import type { CloseReport, Credentials } from '../../src/ports/whatsapp-socket.ts'
import type {
  DeviceIdentity,
  Hello,
  PreKeyUpload,
  ServerContext,
  WhatsappConnection,
} from './whatsapp-connection.ts'
import type { ConnectionTable } from './whatsapp-connections.ts'
import { makeCreds, noiseKeyText, setIdentity } from './whatsapp-creds.ts'
import type { DeviceRegistry, LoginCheck } from './whatsapp-device.ts'
import { CLOSE_REPORTS, LATENCY_MS, QR_REFS, connectionFailure, drawMs } from './whatsapp-rules.ts'

export interface LoginsOptions {
  readonly context: ServerContext
  readonly connections: ConnectionTable
  readonly devices: DeviceRegistry
  /** A device was linked that holds no session with anybody yet. */
  onNewDevice(): void
}

export class Logins {
  readonly #context: ServerContext
  readonly #connections: ConnectionTable
  readonly #devices: DeviceRegistry
  readonly #onNewDevice: () => void

  constructor(options: LoginsOptions) {
    this.#context = options.context
    this.#connections = options.connections
    this.#devices = options.devices
    this.#onNewDevice = () => options.onNewDevice()
  }

  linkedCreds(): Credentials {
    const { stream } = this.#context
    const creds = makeCreds((sizeBytes) =>
      Buffer.from(Array.from({ length: sizeBytes }, () => stream.integer(0, 255))),
    )
    const identity = this.#devices.nextIdentity()
    setIdentity(creds, identity)
    this.#link(identity, noiseKeyText(creds))
    return creds
  }

  greet(connection: WhatsappConnection, hello: Hello): void {
    if (connection.stage !== 'handshake') return
    const { faults } = this.#context
    if (typeof faults.refusal === 'object') {
      faults.strike('refuse-login')
      this.#refuse(connection, faults.refusal, 'fault')
    } else if (hello.isPaired) this.#login(connection, hello)
    else this.#offerPairing(connection)
  }

  /** The new device has answered the phone's scan. */
  confirmPairing(connection: WhatsappConnection, identity: DeviceIdentity, noiseKey: string): void {
    if (connection.stage !== 'pairing') return
    this.#context.truth.totals.pairings += 1
    this.#link(identity, noiseKey)
    const { number, processId: process } = connection
    this.#context.record('wa.paired', { connection: number, process, deviceId: identity.deviceId })
    this.#connections.close(connection, CLOSE_REPORTS.restartRequired)
  }

  uploadPreKeys(connection: WhatsappConnection, keys: readonly PreKeyUpload[]): void {
    if (connection.stage === 'closed') return
    const reusedIds = this.#devices.upload(keys)
    this.#context.truth.totals.reusedPreKeyIds += reusedIds
    const firstId = keys[0]?.id ?? 0
    this.#context.record('wa.pre-keys', {
      connection: connection.number,
      firstId,
      count: keys.length,
      reusedIds,
    })
  }

  /** Returns how many connections heard of it. */
  unlinkDevice(): number {
    this.#devices.unlink()
    const { holder } = this.#connections
    return holder !== undefined && this.#connections.close(holder, CLOSE_REPORTS.deviceRemoved) ? 1 : 0
  }

  /** The phone begins to scan what is shown now. */
  scanShownCodes(): void {
    for (const connection of this.#connections.all()) {
      if (connection.stage === 'pairing') this.#scan(connection)
    }
  }

  #login(connection: WhatsappConnection, hello: Hello): void {
    const check = this.#devices.check(hello)
    if (check !== 'ok') {
      if (check === 'unlinked') this.#context.faults.strike('unlink')
      this.#refuse(connection, connectionFailure(401), check)
      return
    }
    this.#connections.hold(connection, CLOSE_REPORTS.conflict)
    const { number, processId: process, client } = connection
    this.#context.record('wa.login', { connection: number, process, deviceId: hello.deviceId })
    connection.toClient.send(this.#oneWayMs(), () => client.onLoginSuccess(this.#devices.unusedPreKeys))
  }

  #refuse(connection: WhatsappConnection, report: CloseReport, reason: LoginCheck | 'fault'): void {
    this.#context.truth.totals.loginsRefused += 1
    const { number, processId: process } = connection
    const { statusCode = null, message } = report
    this.#context.record('wa.login-refused', { connection: number, process, statusCode, message, reason })
    this.#connections.close(connection, report)
  }

  #offerPairing(connection: WhatsappConnection): void {
    connection.stage = 'pairing'
    const refs = Array.from({ length: QR_REFS }, (_, index) => `ref-${connection.number}-${index + 1}`)
    connection.toClient.send(this.#oneWayMs(), () => connection.client.onQrRefs(refs))
    if (this.#context.faults.scanDelayMs === undefined) this.#context.faults.strike('phone-absent')
    else this.#scan(connection)
  }

  #scan(connection: WhatsappConnection): void {
    const { faults, scheduler } = this.#context
    scheduler.schedule('wa.scan', faults.scanDelayMs ?? 0, () => {
      if (connection.stage !== 'pairing' || faults.scanDelayMs === undefined) return
      const identity = this.#devices.nextIdentity()
      connection.toClient.send(this.#oneWayMs(), () => connection.client.onPairSuccess(identity))
    })
  }

  #link(identity: DeviceIdentity, noiseKey: string): void {
    this.#devices.link(identity, noiseKey)
    this.#onNewDevice()
  }

  #oneWayMs(): number {
    return drawMs(this.#context.stream, LATENCY_MS.oneWay)
  }
}
