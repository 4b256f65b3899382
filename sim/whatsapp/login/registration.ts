/**
 * One client that is not linked yet: it is given references for its QR texts, waits for a phone to scan one or
 * to type its code, countersigns what the phone vouches for, and is sent away with 515 to log in.
 */

import { randomBytes } from 'node:crypto'
import { Curve, proto } from '@whiskeysockets/baileys'
import { isCountersigned, sealForPairing, vouchFor } from '../people/adv-identity.ts'
import { jidOf, parseJid } from '../directory/jid.ts'
import { SERVER, bytesOf, childOf, secondsNow, stanza } from '../wire/stanza.ts'
import { agreeOnSecret, unwrapEphemeral, wrapEphemeral } from './link-code.ts'
import type { KeyPair } from '@whiskeysockets/baileys'
import type { KeyBundle } from '../directory/key-bundle.ts'
import type { LinkedDevice } from '../directory/linked-device.ts'
import type { Account } from '../people/account.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Pairings, Waiting } from './pairings.ts'

/** What registration needs of the connection it runs on. */
export interface RegistrationLink {
  send(stanza: Stanza): void
  nextId(): string
  /** Sends 515 and closes. */
  restart(): void
}

export interface RegistrationNeeds {
  readonly link: RegistrationLink
  readonly pairings: Pairings
  readonly payload: proto.IClientPayload
  readonly qrRefs: number
}

interface Pairing {
  readonly account: Account
  readonly signed: proto.IADVSignedDeviceIdentity
  readonly number: number
  readonly resolve: (device: LinkedDevice) => void
  readonly reject: (error: Error) => void
}

interface CodeExchange {
  readonly account: Account
  readonly ephemeral: KeyPair
  readonly clientEphemeral: Buffer
  readonly resolve: (device: LinkedDevice) => void
  readonly reject: (error: Error) => void
}

export class Registration implements Waiting {
  readonly refs: ReadonlySet<string>
  codeFor: string | undefined
  readonly #link: RegistrationLink
  readonly #pairings: Pairings
  readonly #bundle: KeyBundle
  #wrappedEphemeral: Buffer | undefined
  #pairing: Pairing | undefined
  #exchange: CodeExchange | undefined

  constructor({ link, pairings, payload, qrRefs }: RegistrationNeeds) {
    this.#link = link
    this.#pairings = pairings
    this.#bundle = bundleOf(payload.devicePairingData ?? {})
    this.refs = new Set(Array.from({ length: qrRefs }, () => `2@${randomBytes(48).toString('base64')}`))
    pairings.add(this)
    const refs = [...this.refs].map((ref) => stanza('ref', {}, Buffer.from(ref)))
    link.send(serverIq(link, [stanza('pair-device', {}, refs)]))
  }

  /** The connection has ended: whoever was pairing is told so. */
  end(): void {
    this.#pairings.remove(this)
    const error = new Error('the client went away before the pairing was complete')
    this.#pairing?.reject(error)
    this.#exchange?.reject(error)
  }

  async pairByQr(account: Account, advSecret: Buffer, identity: Buffer): Promise<LinkedDevice> {
    if (!identity.equals(this.#bundle.identity)) throw new Error('the QR text names another identity key')
    return new Promise((resolve, reject) => {
      this.#vouch(account, advSecret, resolve, reject)
    })
  }

  async pairByCode(account: Account, code: string): Promise<LinkedDevice> {
    const wrapped = this.#wrappedEphemeral ?? Buffer.alloc(0)
    const ephemeral = Curve.generateKeyPair()
    const clientEphemeral = await unwrapEphemeral(code, wrapped)
    const wrappedPrimary = await wrapEphemeral(code, ephemeral.public)
    return new Promise((resolve, reject) => {
      this.#exchange = { account, ephemeral, clientEphemeral, resolve, reject }
      const hello = stanza('link_code_companion_reg', { stage: 'primary_hello' }, [
        stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrappedPrimary),
        stanza('primary_identity_pub', {}, Buffer.from(account.key.public)),
        stanza('link_code_pairing_ref', {}, randomBytes(16)),
      ])
      const attrs = {
        from: SERVER,
        type: 'link_code_companion_reg',
        id: this.#link.nextId(),
        t: secondsNow(),
      }
      this.#link.send(stanza('notification', attrs, [hello]))
    })
  }

  /** @returns true when the iq belongs to pairing and has been dealt with */
  takeIq(iq: Stanza): boolean {
    const sign = childOf(iq, 'pair-device-sign')
    if (sign !== undefined) {
      this.#complete(bytesOf(childOf(sign, 'device-identity')))
      return true
    }
    const reg = childOf(iq, 'link_code_companion_reg')
    if (reg?.attrs['stage'] === 'companion_hello') return this.#takeHello(iq, reg)
    if (reg?.attrs['stage'] === 'companion_finish') return this.#takeFinish(iq, reg)
    return false
  }

  #takeHello(iq: Stanza, reg: Stanza): boolean {
    this.codeFor = parseJid(reg.attrs['jid'])?.user
    this.#wrappedEphemeral = bytesOf(childOf(reg, 'link_code_pairing_wrapped_companion_ephemeral_pub'))
    const ref = stanza('link_code_pairing_ref', {}, randomBytes(16))
    this.#answer(iq, [stanza('link_code_companion_reg', { stage: 'companion_hello' }, [ref])])
    return true
  }

  #takeFinish(iq: Stanza, reg: Stanza): boolean {
    const exchange = this.#exchange
    if (exchange === undefined) return false
    const clientIdentity = bytesOf(childOf(reg, 'companion_identity_public'))
    const keys = { ...exchange, accountKey: exchange.account.key, clientIdentity }
    try {
      const secret = agreeOnSecret(keys, bytesOf(childOf(reg, 'link_code_pairing_wrapped_key_bundle')))
      this.#answer(iq)
      this.#vouch(exchange.account, secret, exchange.resolve, exchange.reject)
    } catch (error) {
      this.#exchange = undefined
      this.#link.send(
        stanza('iq', { from: SERVER, type: 'error', id: iq.attrs['id'] }, [
          stanza('error', { code: '400', text: 'bad-request' }),
        ]),
      )
      exchange.reject(error instanceof Error ? error : new Error(String(error)))
    }
    return true
  }

  #vouch(account: Account, secret: Buffer, resolve: Pairing['resolve'], reject: Pairing['reject']): void {
    const number = account.nextDeviceNumber()
    const signed = vouchFor(account.key, { identity: this.#bundle.identity, keyIndex: number })
    this.#pairing = { account, signed, number, resolve, reject }
    this.#link.send(
      serverIq(this.#link, [
        stanza('pair-success', {}, [
          stanza('device-identity', {}, sealForPairing(signed, secret)),
          stanza('device', { jid: jidOf(account, 'pn', number), lid: jidOf(account, 'lid', number) }),
          stanza('platform', { name: 'android' }),
        ]),
      ]),
    )
  }

  #complete(identity: Buffer): void {
    const pairing = this.#pairing
    if (pairing === undefined) return
    this.#pairing = undefined
    this.#exchange = undefined
    this.#pairings.remove(this)
    const { account, number, signed } = pairing
    const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(identity)
    const countersigned = { ...signed, deviceSignature: deviceSignature ?? null }
    if (!isCountersigned(countersigned, account.key.public, this.#bundle.identity)) {
      pairing.reject(new Error("the client's signature under the pairing does not verify"))
      return
    }
    const device = account.addLinkedDevice(this.#bundle, number)
    this.#link.restart()
    pairing.resolve(device)
  }

  #answer(iq: Stanza, content?: Stanza[]): void {
    this.#link.send(stanza('iq', { from: SERVER, type: 'result', id: iq.attrs['id'] }, content))
  }
}

function serverIq(link: RegistrationLink, content: Stanza[]): Stanza {
  const attrs = { from: SERVER, type: 'set', id: link.nextId(), xmlns: 'md', t: secondsNow() }
  return stanza('iq', attrs, content)
}

function bundleOf(data: proto.ClientPayload.IDevicePairingRegistrationData): KeyBundle {
  return {
    registrationId: numberOf(data.eRegid),
    identity: Buffer.from(data.eIdent ?? []),
    signedPreKey: {
      id: numberOf(data.eSkeyId),
      value: Buffer.from(data.eSkeyVal ?? []),
      signature: Buffer.from(data.eSkeySig ?? []),
    },
  }
}

function numberOf(bytes: Uint8Array | null | undefined): number {
  const buffer = Buffer.from(bytes ?? [0])
  return buffer.readUIntBE(0, buffer.length)
}
