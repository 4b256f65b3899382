/** Wrong ways with messages: answers doubled, misdirected, invented or forgotten, and talk that nobody wanted. */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type { MessageJournal } from '../../../src/ports/message-journal.ts'
import type { WhatsappConnector, WhatsappSocket } from '../../../src/ports/whatsapp-socket.ts'
import { withAccept, withConnect, withSend } from './defect.ts'

const A_CHAT = '491500000000@s.whatsapp.net'

/** A command that was seen before is a new one. */
export function takingKnownForNew(journal: MessageJournal): MessageJournal {
  return {
    ...journal,
    recordInbound: async (entry) => {
      const known = await journal.recordInbound(entry)
      return known === 'stale-epoch' ? known : { status: 'recorded', state: 'received' }
    },
  }
}

/** No command is ever marked as begun. */
export function markingNothing(journal: MessageJournal): MessageJournal {
  return { ...journal, markStarted: () => Promise.resolve('written') }
}

/** Only what is live reaches the bot; what waited is acknowledged unseen. */
export function ignoringWhatWaited(connector: WhatsappConnector): WhatsappConnector {
  return withAccept(connector, (message, sound) =>
    message.kind === 'notify' ? sound(message) : Promise.resolve(),
  )
}

/** A message is acknowledged before the bot has made it durable. */
export function acceptingEarly(connector: WhatsappConnector): WhatsappConnector {
  return withAccept(connector, (message, sound) => {
    sound(message).catch(() => undefined)
    return Promise.resolve()
  })
}

export function answeringElsewhere(connector: WhatsappConnector): WhatsappConnector {
  return withSend(connector, (message, socket) => socket.send({ ...message, chat: A_CHAT }))
}

/** Beside each answer goes one to a question that nobody asked. */
export function answeringUnasked(connector: WhatsappConnector): WhatsappConnector {
  return withSend(connector, async (message, socket) => {
    await socket.send({ ...message, id: `${message.id}X`, text: 'pong 4000000000' })
    return socket.send(message)
  })
}

/** An answer's text is mended after it was sent: the same id, and other words. */
export function mendingAnswers(connector: WhatsappConnector): WhatsappConnector {
  return withSend(connector, async (message, socket) => {
    await socket.send({ ...message, text: 'one moment' })
    return socket.send(message)
  })
}

export function talking({ connector, clock }: BotPorts): WhatsappConnector {
  return withConnect(connector, (options) => {
    const socket = connector.connect(options)
    talkOn(clock, socket, 0)
    return socket
  })
}

const TALK_EVERY_MS = 30_000

function talkOn(clock: BotPorts['clock'], socket: WhatsappSocket, count: number): void {
  clock.setTimer('talk', TALK_EVERY_MS, () => {
    socket.send({ id: `NIGHT${count}`, chat: A_CHAT, text: 'still there?' }).catch(() => undefined)
    talkOn(clock, socket, count + 1)
  })
}
