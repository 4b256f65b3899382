import { describe, expect, it } from 'vitest'
import { BotChannel } from '../../../src/supervisor/bot-channel.ts'
import { readFromBot, toMessage } from '../../../src/supervisor/process-messages.ts'
import type { BotAnswer, FromBot, ToBot } from '../../../src/supervisor/process-messages.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { botStatus } from './bot-status.ts'

function openChannel() {
  const clock = new ManualClock()
  const sent: FromBot[] = []
  const orders: string[] = []
  const answers: Promise<BotAnswer>[] = [Promise.resolve({ status: 'done', result: { bytes: 12 } })]
  const listeners = { message: noListener, closed: noListener }
  const channel = new BotChannel({
    clock,
    logger: new RecordingLogger(),
    heartbeatIntervalMs: 5_000,
    parent: {
      send: (message) => {
        const read = readFromBot(message)
        if (read !== undefined) sent.push(read)
      },
      onMessage: (listener) => (listeners.message = listener),
      onClosed: (listener) => (listeners.closed = listener),
    },
    status: () => botStatus(),
    pairingCode: () => undefined,
    terminate: () => orders.push('terminate'),
    recycle: () => orders.push('recycle'),
    answer: () => answers.shift() ?? Promise.reject(new Error('no room for it')),
  })
  channel.start()
  const tell = (raw: unknown): void => listeners.message(raw)
  const told = (message: ToBot): void => tell(toMessage(message))
  return { clock, sent, orders, channel, told, tell, close: () => listeners.closed(undefined) }
}

function noListener(_message: unknown): void {
  // Replaced when the channel starts.
}

describe("the bot's channel to its supervisor", () => {
  it('beats at once and then at its interval', async () => {
    const { clock, sent } = openChannel()
    expect(sent).toHaveLength(1)
    await clock.advance(20_000)
    expect(sent.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => 'heartbeat'))
  })

  it('tells news soon, once for many, and beats on at its interval', async () => {
    const { clock, sent, channel } = openChannel()
    await clock.advance(1_000)
    for (let time = 0; time < 5; time += 1) channel.news()
    await clock.advance(100)
    expect(sent).toHaveLength(2)
    await clock.advance(3_900)
    expect(sent).toHaveLength(3)
  })

  it('does what it is told, and nothing that it does not understand', () => {
    const { told, tell, orders } = openChannel()
    told({ type: 'recycle' })
    told({ type: 'terminate' })
    tell({ version: 99, type: 'terminate' })
    tell('terminate')
    expect(orders).toEqual(['recycle', 'terminate'])
  })

  it('answers each question by its number, a failure as a refusal', async () => {
    const { told, sent } = openChannel()
    told({ type: 'question', id: 7, question: 'snapshot' })
    told({ type: 'question', id: 8, question: 'snapshot' })
    await settle()
    expect(sent.slice(1)).toEqual([
      { type: 'answer', id: 7, answer: { status: 'done', result: { bytes: 12 } } },
      { type: 'answer', id: 8, answer: { status: 'refused', reason: 'no room for it' } },
    ])
  })

  it('ends the bot when the supervisor has gone', () => {
    const { close, orders } = openChannel()
    close()
    expect(orders).toEqual(['terminate'])
  })

  it('says nothing after its stop and leaves no timer', async () => {
    const { channel, clock, sent, close, orders } = openChannel()
    channel.stop()
    channel.stop()
    close()
    await clock.advance(60_000)
    expect([sent.length, orders, clock.pendingLabels()]).toEqual([1, [], []])
  })
})
