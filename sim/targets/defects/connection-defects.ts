/** Wrong ways to connect: too many sockets, too soon, too late, for ever, or with an end that nobody asked for. */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type {
  CloseReport,
  ConnectOptions,
  WhatsappConnector,
  WhatsappSocket,
} from '../../../src/ports/whatsapp-socket.ts'
import { withConnect, withEvents } from './defect.ts'

const DROPPED: CloseReport = { statusCode: 428, message: 'Connection Terminated' }

const SPARE = new Error('the spare socket takes nothing')

/** Beside each socket there is a spare one for a moment. */
export function connectingTwice(connector: WhatsappConnector): WhatsappConnector {
  return withConnect(connector, (options) => {
    const spare = connector.connect({
      ...options,
      onEvent: () => undefined,
      accept: () => Promise.reject(SPARE),
    })
    const socket = connector.connect(options)
    void spare.end()
    return socket
  })
}

/** Every close whose code is one of these looks like a dropped connection. */
export function hidingCodes(connector: WhatsappConnector, codes: readonly number[]): WhatsappConnector {
  return withEvents(connector, (event) =>
    event.type === 'close' && codes.includes(event.report.statusCode ?? 0)
      ? { type: 'close', report: DROPPED }
      : event,
  )
}

/** After so many attempts `connect` does nothing at all. */
export function givingUpAfter(connector: WhatsappConnector, maxAttempts: number): WhatsappConnector {
  let attempts = 0
  return withConnect(connector, (options) => {
    attempts += 1
    return attempts > maxAttempts ? NO_SOCKET : connector.connect(options)
  })
}

const NO_SOCKET: WhatsappSocket = {
  send: () => new Promise(() => undefined),
  ping: () => new Promise(() => undefined),
  probe: () => new Promise(() => undefined),
  end: () => Promise.resolve(),
}

/** What the bot holds is always the present one of several real sockets. */
class ReplacedSocket implements WhatsappSocket {
  readonly #connector: WhatsappConnector
  readonly #options: ConnectOptions
  readonly #isReplaced: (report: CloseReport) => boolean
  #socket: WhatsappSocket

  /** @param isReplaced asked at each close: true connects anew instead of telling the bot */
  constructor(
    connector: WhatsappConnector,
    options: ConnectOptions,
    isReplaced: (report: CloseReport) => boolean,
  ) {
    this.#connector = connector
    this.#options = options
    this.#isReplaced = isReplaced
    this.#socket = this.#connect()
  }

  #connect(): WhatsappSocket {
    const options = this.#options
    let isOver = false
    return this.#connector.connect({
      ...options,
      accept: (message) => options.accept(message),
      onEvent: (event) => {
        if (event.type === 'close' && !isOver && this.#isReplaced(event.report)) {
          isOver = true
          this.#socket = this.#connect()
        } else if (!isOver) options.onEvent(event)
      },
    })
  }

  send(message: Parameters<WhatsappSocket['send']>[0]): Promise<void> {
    return this.#socket.send(message)
  }

  ping(): Promise<void> {
    return this.#socket.ping()
  }

  probe(): Promise<void> {
    return this.#socket.probe()
  }

  end(): Promise<void> {
    return this.#socket.end()
  }
}

/** Every "restart required" is obeyed at once, the first one and all others. */
export function restartingAtOnce(connector: WhatsappConnector): WhatsappConnector {
  return withConnect(
    connector,
    (options) => new ReplacedSocket(connector, options, ({ statusCode }) => statusCode === 515),
  )
}

const RENEW_AFTER_MS = 100_000

/** A sound connection is ended after less than its stable time and replaced at once. */
export function renewing({ connector, clock }: BotPorts): WhatsappConnector {
  return withConnect(connector, (options) => {
    let isRenewing = false
    const socket = new ReplacedSocket(connector, options, () => {
      const isReplaced = isRenewing
      isRenewing = false
      return isReplaced
    })
    clock.setTimer('renewing', RENEW_AFTER_MS, () => {
      isRenewing = true
      void socket.end()
    })
    return socket
  })
}
