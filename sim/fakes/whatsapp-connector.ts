/**
 * The WhatsApp port of one virtual process, on the fake server. Makes sockets and ends them with the process;
 * what a socket does is whatsapp-socket's. Key material comes from `secureRandom`, which must be another
 * stream in each process: the same chain id from two of them would look like a key used twice.
 */

import type { SecureRandom } from '../../src/ports/secure-random.ts'
import type {
  ConnectOptions,
  Credentials,
  WhatsappConnector,
  WhatsappSocket,
} from '../../src/ports/whatsapp-socket.ts'
import type { PrngStreams } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import { isPairedCreds, makeCreds } from './whatsapp-creds.ts'
import type { WhatsappServer } from './whatsapp-server.ts'
import type { AdapterKind } from './whatsapp-session-keys.ts'
import { FakeSocket } from './whatsapp-socket.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'

export interface FakeConnector extends WhatsappConnector {
  /** Sockets that have not given their `close` yet. */
  readonly liveSockets: number
  /** Messages that sockets hold because the bot does not take them: memory that nobody bounds. */
  readonly bufferedMessages: number
}

export interface FakeConnectorOptions {
  readonly server: WhatsappServer
  readonly scheduler: Scheduler
  readonly process: VirtualProcess
  readonly streams: PrngStreams
  readonly secureRandom: SecureRandom
  /** `sound` commits each ratchet step before its ciphertext leaves, `plain` after, as Baileys by itself does. */
  readonly adapter: AdapterKind
}

export function createFakeConnector(options: FakeConnectorOptions): FakeConnector {
  const { server, scheduler, process, streams, secureRandom, adapter } = options
  const live = new Set<FakeSocket>()
  const context: SocketContext = {
    server,
    scheduler,
    process,
    stream: streams.stream(`whatsapp.client.${process.id}`),
    secureRandom,
    adapter,
  }
  process.onEnd(() => {
    for (const socket of live) socket.abandon()
    live.clear()
  })
  return {
    get liveSockets(): number {
      return live.size
    },
    get bufferedMessages(): number {
      let count = 0
      for (const socket of live) count += socket.bufferedMessages
      return count
    },
    freshCreds(): Credentials {
      return makeCreds((sizeBytes) => secureRandom.bytes(sizeBytes))
    },
    isPaired: isPairedCreds,
    connect(bot: ConnectOptions): WhatsappSocket {
      if (!process.assertUsable('whatsapp.connect')) return DEAD_SOCKET
      const socket = new FakeSocket(context, bot, () => live.delete(socket))
      live.add(socket)
      return socket
    },
  }
}

/** What a process gets that connects after its own exit. */
const DEAD_SOCKET: WhatsappSocket = {
  send: () => new Promise(() => {}),
  ping: () => new Promise(() => {}),
  probe: () => new Promise(() => {}),
  end: () => new Promise(() => {}),
}
