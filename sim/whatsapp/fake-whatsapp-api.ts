/**
 * What a fake WhatsApp can be asked for and told: options and interface, which is all that a test sees of it.
 */

import type { Account } from './people/account.ts'
import type { Fault } from './faults/fault.ts'
import type { InjectedFault } from './faults/fault-board.ts'
import type { Certificate } from './http/certificate.ts'
import type { RequestHandler } from './http-host.ts'
import type { MediaKind, MediaOptions } from './media/media-message.ts'
import type { MediaLimits, StoredMedia } from './media/media-store.ts'
import type { MessageContent } from './people/sealed-mail.ts'
import type { AccountOptions } from './people/account.ts'
import type { Contact, ContactOptions } from './people/contact.ts'
import type { Group, GroupOptions } from './people/group.ts'
import type { ServerEvent } from './server-event.ts'
import type { TruthSnapshot } from './truth-snapshot.ts'

export interface FakeWhatsAppOptions {
  /** Port to listen on; a free one when 0 or not given. */
  readonly port?: number
  /** For `wss://` and the media host, in place of the one that this process makes for itself. PEM texts. */
  readonly tls?: Certificate
  /** How many QR texts a client gets before it has to connect anew. Default 6. */
  readonly qrRefs?: number
  /** Clients with an older version, such as `[2, 3000, 1]`, are refused with 405. Default: none is refused. */
  readonly minVersion?: readonly number[]
  /** What the media host keeps; the oldest files go first. Default: 1,000 files, 128 MiB. */
  readonly media?: Partial<MediaLimits>
  /** Is told what happens, as it happens. */
  onEvent?(event: ServerEvent): void
}

export interface FakeWhatsApp {
  /** For Baileys' `waWebSocketUrl`: `ws://…`. */
  readonly url: string
  /** The same by `wss://`, for clients that trust `certificate()`. */
  readonly secureUrl: string
  readonly port: number
  /** Where the port answers plain requests, without a path. */
  readonly httpUrl: string
  /** Of the admin interface, see docs/fake-whatsapp-admin.md. */
  readonly adminUrl: string
  /** Accounts, in the order of their making. */
  readonly accounts: readonly Account[]
  readonly contacts: readonly Contact[]
  readonly groups: readonly Group[]
  /** Clients that show a QR or asked for a code, and wait. */
  readonly waitingForPairing: number
  addAccount(options?: AccountOptions): Account
  addContact(options?: ContactOptions): Contact
  addGroup(options: GroupOptions): Group
  /** Sends plain HTTP requests to the handler. @returns removes it again */
  addRequestHandler(handler: RequestHandler): () => void
  /** The certificate of `wss://` and of the media host, which is `https://` only. PEM text. */
  certificate(): Promise<string>
  /** A file that a contact can `say`: it is sealed and put on the media host. */
  mediaMessage(kind: MediaKind, file: Uint8Array, options?: MediaOptions): Promise<MessageContent>
  /** The file that a received message speaks of, opened. @throws Error when there is none */
  mediaOf(message: { readonly content: MessageContent }): Promise<Buffer>
  /** The sealed files on the media host, from the oldest to the newest. */
  readonly mediaFiles: readonly StoredMedia[]
  /**
   * Brings a fault into force. Resolves when it holds on every connection; lift it by what is returned.
   * Several may be in force at once. @throws Error when the fault has fields that its kind does not know
   */
  inject(fault: Fault): Promise<InjectedFault>
  /** Faults that were injected and not lifted, those included that have ended by themselves. */
  readonly faults: readonly InjectedFault[]
  /** What has really happened so far, as plain data. */
  truth(): TruthSnapshot
  /** Resolves when everything that has arrived so far has been read and answered by the simulated people. */
  idle(): Promise<void>
  /** Ends every connection and stops listening. May be called twice. */
  close(): Promise<void>
}
