import { describe, expect, it } from 'vitest'
import type { EventuallyClaim } from '../../../../sim/checkers/claim.ts'
import { AnsweredOnceChecker } from '../../../../sim/checkers/message-checker.ts'
import { EventuallyJudge } from '../../../../sim/checkers/outcome.ts'
import { REPLY_TEXTS } from '../../../../src/messages/message-text.ts'
import { eventOf, judged } from './judged.ts'
import type { Told } from './judged.ts'

const FAULTS_END_MS = 10_000
const chat = 'a@s.whatsapp.net'

function outcome(claim: EventuallyClaim['claim'], told: readonly Told[], endMs = 100_000): string[] {
  const judge = new EventuallyJudge([{ claim, withinMs: 20_000 }])
  let isOver = false
  for (const each of told) {
    if (!isOver && each[0] > FAULTS_END_MS) {
      judge.faultsEnded(FAULTS_END_MS)
      isOver = true
    }
    judge.observe(eventOf(each))
  }
  if (!isOver) judge.faultsEnded(FAULTS_END_MS)
  const { broken, vacuous } = judge.judge(endMs)
  return [
    ...broken.map(({ message }) => `broken: ${message}`),
    ...vacuous.map(({ message }) => `vacuous: ${message}`),
  ]
}
function asked(atMs: number, text: string, inChat = chat): Told {
  return [atMs, 'wa.queued', { chat: inChat, text }]
}
function sent(atMs: number, text: string, inChat = chat): Told {
  return [atMs, 'wa.sent', { chat: inChat, text, id: `${atMs}` }]
}

const open = (atMs: number): Told => [atMs, 'wa.open', { connection: 1 }]

const close = (atMs: number): Told => [atMs, 'wa.close', { connection: 1 }]

const end = (atMs: number): Told => [atMs, 'wa.end', { connection: 1 }]

const halted = (atMs: number): Told => [atMs, 'log.connection.halted']

const once = (...told: Told[]): string[] => judged(new AnsweredOnceChecker(), told)

const reply = (id: string, text: string, inChat = chat): Told => [9, 'wa.sent', { id, text, chat: inChat }]

describe('eventually connected', () => {
  it('holds when the connection is there or comes in time, and stays', () => {
    expect(outcome('connected', [open(5_000)])).toEqual([])
    expect(outcome('connected', [open(30_000)])).toEqual([])
  })

  it('breaks when it is late, missing, or gone at the end', () => {
    expect(outcome('connected', [open(30_001)])).toEqual([
      'broken: connected 20001 ms after the last fault, not within 20000 ms',
    ])
    expect(outcome('connected', [])).toEqual(['broken: never connected after the faults were over'])
    expect(outcome('connected', [open(5_000), close(50_000)])).toEqual([
      'broken: connected, but not at the end',
    ])
  })

  it('does not take for the mended one a connection that the last fault ends a little later', () => {
    const victim = [open(5_000), close(10_400)]
    expect(outcome('connected', [...victim, open(29_000)])).toEqual([])
    expect(outcome('connected', [...victim, open(30_001)])).toEqual([
      'broken: connected 20001 ms after the last fault, not within 20000 ms',
    ])
    expect(outcome('connected', victim)).toEqual(['broken: connected, but not at the end'])
  })

  it('is met by one that came in time and has been replaced since, as by a daily restart', () => {
    const [first, later] = [open(11_000), open(31_000)]
    expect(outcome('connected', [open(5_000), close(10_400), first, close(29_500), later])).toEqual([])
    expect(outcome('connected', [open(5_000), close(10_400), first, close(29_500)])).toEqual([
      'broken: connected, but not at the end',
    ])
  })

  it('is not met by a connection that the bot itself has ended, though no close was heard', () => {
    expect(outcome('connected', [open(5_000), end(9_000)])).toEqual([
      'broken: never connected after the faults were over',
    ])
    expect(outcome('connected', [open(5_000), end(50_000)])).toEqual([
      'broken: connected, but not at the end',
    ])
  })

  it('is not put to the test when the run ends before the deadline', () => {
    expect(outcome('connected', [], 29_999)).toEqual(['vacuous: the run ends before the deadline'])
  })
})

describe('eventually all-answered', () => {
  it('counts from the later of the question and the end of the faults', () => {
    expect(outcome('all-answered', [asked(1_000, '.ping 1'), sent(30_000, 'pong 1')])).toEqual([])
    expect(outcome('all-answered', [asked(1_000, '.ping 1'), sent(10_000, 'pong 1')])).toEqual([])
    expect(outcome('all-answered', [asked(1_000, '.ping 1'), sent(30_001, 'pong 1')])).toEqual([
      'broken: the slowest answer took 20001 ms, not within 20000 ms',
    ])
    expect(outcome('all-answered', [asked(40_000, '.ping 1'), sent(60_001, 'pong 1')])[0]).toContain(
      'the slowest answer took 20001 ms',
    )
  })

  it('names what was never answered', () => {
    expect(outcome('all-answered', [asked(1_000, '.ping 1'), asked(50_000, '.ping 2')])).toEqual([
      'broken: 2 commands were never answered, first 1',
    ])
  })

  it('leaves alone what was asked right before the end', () => {
    expect(outcome('all-answered', [asked(90_000, '.ping 1')])).toEqual([])
  })

  it('takes no answer in another chat', () => {
    expect(
      outcome('all-answered', [asked(1_000, '.ping 1'), sent(2_000, 'pong 1', 'b@s.whatsapp.net')]),
    ).toHaveLength(1)
  })

  it('takes "unknown" for the answer to the oldest open command of the chat that was marked once', () => {
    const told = [asked(1_000, '.ping 1'), asked(2_000, '.once 2'), asked(3_000, '.once 3')]
    const unknown = sent(4_000, REPLY_TEXTS.unknown)
    expect(outcome('all-answered', [...told, unknown, sent(5_000, 'pong 1'), sent(6_000, 'done 3')])).toEqual(
      [],
    )
    expect(outcome('all-answered', [...told, unknown])).toEqual([
      'broken: 2 commands were never answered, first 1',
    ])
    const elsewhere = sent(4_000, REPLY_TEXTS.unknown, 'b@s.whatsapp.net')
    expect(outcome('all-answered', [asked(2_000, '.once 2'), elsewhere])).toHaveLength(1)
  })

  it('is not put to the test when nothing was asked or the run is too short', () => {
    expect(outcome('all-answered', [])).toEqual(['vacuous: no command was ever asked'])
    expect(outcome('all-answered', [asked(1, '.ping 1')], 29_999)).toEqual([
      'vacuous: the run ends before the deadline',
    ])
  })
})

describe('eventually halted', () => {
  it('holds when the bot has said so in time', () => {
    expect(outcome('halted', [halted(5_000)])).toEqual([])
    expect(outcome('halted', [halted(30_000)])).toEqual([])
  })

  it('breaks when it is late, missing, or connected after all', () => {
    expect(outcome('halted', [halted(30_001)])[0]).toContain('halted 20001 ms after the last fault')
    expect(outcome('halted', [])).toEqual(['broken: the bot never said that it is halted'])
    expect(outcome('halted', [halted(1_000), [2_000, 'wa.open', { connection: 1 }]])).toEqual([
      'broken: connected, though the session was ended for good',
    ])
  })

  it('is not put to the test when the run ends before the deadline', () => {
    expect(outcome('halted', [], 29_999)).toEqual(['vacuous: the run ends before the deadline'])
  })
})

describe('answered-at-most-once', () => {
  it('takes the same message twice for one', () => {
    expect(once(asked(1, '.ping 1'), reply('A', 'pong 1'), reply('A', 'pong 1'))).toEqual([])
  })

  it.each([
    ['another message', [reply('A', 'pong 1'), reply('B', 'pong 1')], 'was answered twice'],
    ['another text under the same id', [reply('A', 'pong 1'), reply('A', 'x')], 'and is now "x"'],
    ['another chat', [reply('A', 'pong 1', 'b@s.whatsapp.net')], 'was answered in b@s.whatsapp.net'],
    ['nobody’s question', [reply('A', 'pong 2')], 'was answered and never asked'],
  ])('finds %s', (_title, replies, message) => {
    expect(once(asked(1, '.ping 1'), ...replies)[0]).toContain(message)
  })

  it('finds a command marked once that runs again', () => {
    const ran: Told = [5, 'log.once.ran', { command: '7' }]
    expect(once(ran)).toEqual([])
    expect(once(ran, ran)).toEqual(['5 command 7, marked once, ran again'])
  })
})
