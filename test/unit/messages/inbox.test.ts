import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { Inbox, type InboxSettings } from '../../../src/messages/inbox.ts'
import { REPLY_TEXTS } from '../../../src/messages/message-text.ts'
import type { CommandHandler } from '../../../src/plugins/plugin.ts'
import { CommandRegistry } from '../../../src/plugins/registry.ts'
import type { Reply } from '../../../src/ports/message-journal.ts'
import type { InboundMessage } from '../../../src/ports/whatsapp-socket.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { journalKey, ModelJournal, type Intercept } from './model-journal.ts'

function handler(changes: Partial<CommandHandler> = {}): CommandHandler {
  const plain: CommandHandler = {
    name: 'do',
    summary: '',
    effect: 'repeatable',
    isHeavy: false,
    run: ({ args }) => `did ${args}`,
  }
  return { ...plain, ...changes }
}

/** Everything around one inbox; `restart` makes another one on the same journal, as after a crash. */
function setup(
  options: {
    handlers?: CommandHandler[]
    settings?: Partial<InboxSettings>
    intercept?: Intercept
    isHeavyWorkAllowed?: () => boolean
  } = {},
) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const journal = new ModelJournal(options.intercept)
  const replies: Reply[] = []
  const lease: { epoch: number | undefined } = { epoch: 1 }
  let lastId = 0
  const makeInbox = (): Inbox =>
    new Inbox({
      clock,
      logger,
      journal,
      registry: new CommandRegistry(options.handlers ?? [handler()]),
      epoch: () => lease.epoch,
      outbox: { enqueue: (reply) => replies.push(reply) },
      newMessageId: () => `reply-${++lastId}`,
      isHeavyWorkAllowed: options.isHeavyWorkAllowed ?? (() => true),
      settings: {
        maxAgeMs: 600_000,
        maxQueued: 100,
        maxConcurrentChats: 4,
        handlerTimeoutMs: 30_000,
        ...options.settings,
      },
    })
  const world = {
    clock,
    logger,
    journal,
    replies,
    lease,
    inbox: makeInbox(),
    texts: () => replies.map(({ text }) => text),
    message: (text: string, changes: Partial<InboundMessage> = {}): InboundMessage => ({
      id: `id-${text}`,
      chat: 'chat',
      participant: '',
      isFromMe: false,
      sentAtMs: clock.nowMs(),
      text,
      kind: 'notify',
      ...changes,
    }),
    restart: () => {
      journal.epoch += 1
      lease.epoch = journal.epoch
      world.inbox = makeInbox()
    },
  }
  return world
}

/** A handler whose runs end when the test says so, in the order they began. */
function manualRuns() {
  const waiting: { readonly args: string; end(text: string): void }[] = []
  return {
    waiting,
    run: ({ args }: { args: string }) =>
      new Promise<string>((resolve) => waiting.push({ args, end: resolve })),
    begun: () => waiting.map(({ args }) => args),
  }
}

describe('Inbox: accepting', () => {
  it('makes a command durable before it resolves, then answers it with two statements', async () => {
    const world = setup()
    await world.inbox.resume()
    world.journal.statements.length = 0
    await world.inbox.accept(world.message('.do it'))
    expect(world.journal.commands.size).toBe(1)
    await settle()
    expect(world.replies).toEqual([
      { replyId: 'reply-1', chat: 'chat', text: 'did it', recordedAtMs: world.clock.nowMs() },
    ])
    expect(world.journal.statements).toEqual(['recordInbound', 'recordHandled'])
    expect(world.inbox.depth()).toBe(0)
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it.each<[string, Partial<InboundMessage>]>([
    ['our own', { isFromMe: true }],
    ['under an id that cannot be stored', { id: 'a\u0000b' }],
    ['under half a character as id', { id: '\ud800' }],
    ['under an endless id', { id: 'x'.repeat(256) }],
    ['from a sender that cannot be stored', { participant: '\u0000' }],
    ['no command', { text: 'hello' }],
    ['wanted by no handler', { text: '.undo' }],
    ['too old', { sentAtMs: 1_700_000_000_000 - 600_001 }],
    ['of absurd length', { text: `.do ${'x'.repeat(70_000)}` }],
  ])('passes by what is %s, without a statement, lease or not', async (_title, changes) => {
    const world = setup()
    world.lease.epoch = undefined
    await world.inbox.accept(world.message('.do', changes))
    await settle()
    expect(world.journal.statements).toEqual([])
    expect(world.replies).toEqual([])
  })

  it('handles what waited on the server like what comes live', async () => {
    const world = setup()
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it', { kind: 'append' }))
    await settle()
    expect(world.texts()).toEqual(['did it'])
  })

  it('answers once what is delivered again, at once or after it was handled', async () => {
    const world = setup()
    await world.inbox.resume()
    const message = world.message('.do it')
    await Promise.all([world.inbox.accept(message), world.inbox.accept({ ...message, kind: 'append' })])
    await settle()
    await world.inbox.accept(message)
    await settle()
    expect(world.texts()).toEqual(['did it'])
  })

  it('tells apart commands of one id from two senders', async () => {
    const world = setup()
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do a', { id: 'same', participant: 'anna' }))
    await world.inbox.accept(world.message('.do b', { id: 'same', participant: 'bert' }))
    await settle()
    expect(world.texts()).toEqual(['did a', 'did b'])
  })

  it('leaves a command with the server when there is no lease', async () => {
    const world = setup()
    world.lease.epoch = undefined
    await expect(world.inbox.accept(world.message('.do it'))).rejects.toMatchObject({ code: 'lease-lost' })
    expect(world.journal.statements).toEqual([])
  })

  it('leaves a command with the server when the lease turns out stale, and asks the store no more', async () => {
    const world = setup()
    await world.inbox.resume()
    world.journal.epoch = 2
    await expect(world.inbox.accept(world.message('.do a'))).rejects.toMatchObject({ code: 'lease-lost' })
    const statements = world.journal.statements.length
    await expect(world.inbox.accept(world.message('.do b'))).rejects.toMatchObject({ code: 'lease-lost' })
    await world.clock.advance(600_000)
    expect(world.journal.statements).toHaveLength(statements)
    expect(world.replies).toEqual([])
  })

  it('passes a store error on, and takes the command when it is delivered again', async () => {
    let isAway = true
    const world = setup({
      intercept: async (name, land) => {
        if (isAway && name === 'recordInbound') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    await world.inbox.resume()
    const message = world.message('.do it')
    await expect(world.inbox.accept(message)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(world.inbox.depth()).toBe(0)
    isAway = false
    await world.inbox.accept(message)
    await settle()
    expect(world.texts()).toEqual(['did it'])
  })

  it('refuses more when too many recordings are under way', async () => {
    const world = setup({ settings: { maxQueued: 2 }, intercept: () => new Promise(() => undefined) })
    void world.inbox.accept(world.message('.do a'))
    void world.inbox.accept(world.message('.do b'))
    await expect(world.inbox.accept(world.message('.do c'))).rejects.toMatchObject({ code: 'queue-full' })
  })

  it('strips from a text what the database cannot store', async () => {
    const world = setup()
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do a\u0000b\ud800', { id: 'id' }))
    expect([...world.journal.commands.values()][0]?.message.text).toBe('.do ab\ufffd')
  })
})

describe('Inbox: order and bounds', () => {
  it("keeps a chat's order when the store confirms out of order, and lets other chats go ahead", async () => {
    const landings: (() => void)[] = []
    const world = setup({
      intercept: (name, land) =>
        name === 'recordInbound'
          ? new Promise((resolve) => landings.push(() => resolve(land())))
          : Promise.resolve(land()),
    })
    await world.inbox.resume()
    const accepted = [
      world.inbox.accept(world.message('.do 1')),
      world.inbox.accept(world.message('.do 2')),
      world.inbox.accept(world.message('.do other', { chat: 'other' })),
    ]
    for (const land of landings.splice(0).toReversed()) {
      land()
      await settle()
    }
    await Promise.all(accepted)
    await settle()
    expect(world.texts()).toEqual(['did other', 'did 1', 'did 2'])
  })

  it('runs chats side by side up to the limit, in turn, one command of a chat at a time', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })], settings: { maxConcurrentChats: 2 } })
    await world.inbox.resume()
    for (const [chat, text] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
      ['c', '4'],
    ] as const) {
      await world.inbox.accept(world.message(`.do ${text}`, { chat }))
    }
    expect(runs.begun()).toEqual(['1', '3'])
    runs.waiting[0]?.end('')
    await settle()
    expect(runs.begun()).toEqual(['1', '3', '4'])
    runs.waiting[1]?.end('')
    await settle()
    expect(runs.begun()).toEqual(['1', '3', '4', '2'])
  })

  it('keeps what is beyond its bound in the journal alone, and answers it in order later', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })], settings: { maxQueued: 3 } })
    await world.inbox.resume()
    const numbers = ['1', '2', '3', '4', '5', '6', '7']
    for (const number of numbers) {
      await world.inbox.accept(world.message(`.do ${number}`))
      await world.clock.advance(1)
      expect(world.inbox.depth()).toBeLessThanOrEqual(3)
    }
    expect(world.journal.commands.size).toBe(7)
    for (const index of numbers.keys()) {
      runs.waiting[index]?.end(`did ${runs.waiting[index].args}`)
      await settle()
      expect(world.inbox.depth()).toBeLessThanOrEqual(3)
    }
    expect(world.texts()).toEqual(numbers.map((number) => `did ${number}`))
  })
})

describe('Inbox: arriving before the first read is over', () => {
  it('does not overtake a command of its chat that is still being recorded', async () => {
    const landings: (() => void)[] = []
    const world = setup({
      intercept: async (name, land) => {
        if (name !== 'recordInbound' || landings.length > 0) return land()
        return new Promise((resolve) => landings.push(() => resolve(land())))
      },
    })
    const first = world.inbox.accept(world.message('.do 1'))
    await world.inbox.resume()
    await world.clock.advance(1)
    await world.inbox.accept(world.message('.do 2'))
    await settle()
    landings[0]?.()
    await first
    await settle()
    expect(world.texts()).toEqual(['did 1', 'did 2'])
  })
})

describe('Inbox: trouble while handling', () => {
  it('apologises for a handler that throws, and logs neither text nor chat', async () => {
    const world = setup({ handlers: [handler({ run: ({ args }) => decodeURIComponent(`${args}%`) })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do secret'))
    await settle()
    expect(world.texts()).toEqual([REPLY_TEXTS.failed])
    expect(world.logger.lines).toContainEqual({
      level: 'warn',
      event: 'inbox.handler-failed',
      fields: { command: 'do', kind: 'URIError' },
    })
    expect(JSON.stringify(world.logger.lines)).not.toContain('secret')
  })

  it('gives a handler up after its time, and ignores what it says later', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await world.clock.advance(30_000)
    runs.waiting[0]?.end('late')
    await settle()
    expect(world.texts()).toEqual([REPLY_TEXTS.timedOut])
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('refuses heavy commands while memory is short, and only those', async () => {
    const heavy = handler({ name: 'heavy', isHeavy: true })
    const world = setup({ handlers: [heavy, handler()], isHeavyWorkAllowed: () => false })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.heavy'))
    await world.inbox.accept(world.message('.do it'))
    await settle()
    expect(world.texts()).toEqual([REPLY_TEXTS.busy, 'did it'])
  })

  it('records the very same reply again when recording failed, without running the handler again', async () => {
    let runs = 0
    let failures = 2
    const world = setup({
      handlers: [handler({ run: () => `run ${++runs}` })],
      intercept: async (name, land) => {
        if (name !== 'recordHandled' || failures === 0) return land()
        failures -= 1
        // The first failure had landed all the same.
        if (failures === 1) land()
        throw new AppError('store-outcome-unknown', 'connection broke')
      },
    })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await world.clock.advance(60_000)
    expect(runs).toBe(1)
    expect(world.replies.map(({ replyId }) => replyId)).toEqual(['reply-1'])
    expect([...world.journal.replies.keys()]).toEqual(['reply-1'])
  })

  it('does not let one chat whose recording fails hold up the others', async () => {
    let isAway = true
    const world = setup({
      settings: { maxConcurrentChats: 1 },
      intercept: async (name, land) => {
        if (isAway && name === 'recordHandled') {
          isAway = false
          throw new AppError('store-unavailable', 'away')
        }
        return land()
      },
    })
    await world.inbox.resume()
    await Promise.all([
      world.inbox.accept(world.message('.do a', { chat: 'a' })),
      world.inbox.accept(world.message('.do b', { chat: 'b' })),
    ])
    await settle()
    expect(world.texts()).toEqual(['did b'])
    await world.clock.advance(10_000)
    expect(world.texts()).toEqual(['did b', 'did a'])
  })
})

describe('Inbox: after a crash', () => {
  it('runs a repeatable command again', async () => {
    let isFirst = true
    const run = (): Promise<string> | string => {
      if (!isFirst) return 'second run'
      isFirst = false
      return new Promise(() => undefined)
    }
    const world = setup({ handlers: [handler({ run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    world.restart()
    await world.inbox.resume()
    await settle()
    expect(world.texts()).toEqual(['second run'])
  })

  it('does not run a once-only command again, and says that it is unknown whether it ran', async () => {
    let runs = 0
    const run = (): Promise<string> => {
      runs += 1
      return new Promise(() => undefined)
    }
    const world = setup({ handlers: [handler({ effect: 'once', run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await settle()
    world.restart()
    await world.inbox.resume()
    await settle()
    expect(runs).toBe(1)
    expect(world.texts()).toEqual([REPLY_TEXTS.unknown])
  })

  it('runs a once-only command that could not be marked before the crash', async () => {
    let isAway = true
    const world = setup({
      handlers: [handler({ effect: 'once' })],
      intercept: async (name, land) => {
        if (isAway && name === 'markStarted') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await settle()
    expect(world.texts()).toEqual([])
    isAway = false
    world.restart()
    await world.inbox.resume()
    await settle()
    expect(world.texts()).toEqual(['did it'])
  })

  it('answers what was left before what comes anew in the same chat', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do old'))
    await world.clock.advance(5)
    world.restart()
    const accepted = world.inbox.accept(world.message('.do new'))
    await Promise.all([world.inbox.resume(), accepted])
    await settle()
    runs.waiting[1]?.end('did old')
    await settle()
    runs.waiting[2]?.end('did new')
    await settle()
    expect(runs.begun()).toEqual(['old', 'old', 'new'])
    expect(world.texts()).toEqual(['did old', 'did new'])
  })

  it('does not take up again what was handled while a read was under way', async () => {
    const runs = manualRuns()
    const reads: (() => void)[] = []
    let isSlow = false
    const world = setup({
      handlers: [handler({ run: runs.run })],
      intercept: async (name, land) => {
        const result = land()
        if (!isSlow || name !== 'readUnhandled') return result
        return new Promise((resolve) => reads.push(() => resolve(result)))
      },
    })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    isSlow = true
    const resumed = world.inbox.resume()
    await settle()
    runs.waiting[0]?.end('did it')
    await settle()
    reads[0]?.()
    await resumed
    expect(runs.begun()).toEqual(['it'])
    expect(world.texts()).toEqual(['did it'])
  })

  it('closes a command whose handler is gone, without a reply', async () => {
    const world = setup()
    const message = { chat: 'chat', participant: '', id: 'id', text: '.gone', sentAtMs: 1 }
    await world.journal.recordInbound({ epoch: 1, nowMs: 1, message })
    await world.inbox.resume()
    await settle()
    expect(world.journal.commands.get(journalKey(message))?.state).toBe('handled')
    expect(world.replies).toEqual([])
  })

  it('reads again by itself when reading failed', async () => {
    let isAway = true
    const world = setup({
      intercept: async (name, land) => {
        if (isAway && name === 'readUnhandled') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    await world.inbox.accept(world.message('.do it'))
    await world.inbox.resume()
    expect(world.replies).toEqual([])
    isAway = false
    await world.clock.advance(10_000)
    expect(world.texts()).toEqual(['did it'])
  })
})

describe('Inbox: lease', () => {
  it('starts nothing while the lease is unproven, and goes on when it is back', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do 1'))
    await world.inbox.accept(world.message('.do 2'))
    world.lease.epoch = undefined
    runs.waiting[0]?.end('did 1')
    await settle()
    expect(runs.begun()).toEqual(['1'])
    world.lease.epoch = 1
    await world.inbox.resume()
    expect(runs.begun()).toEqual(['1', '2'])
    expect(world.texts()).toEqual(['did 1'])
  })

  it('drops what it holds under a lost lease: the reply of a late handler is neither recorded nor sent', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    world.journal.epoch = 2
    world.lease.epoch = 2
    await world.inbox.resume()
    runs.waiting[0]?.end('late')
    await settle()
    expect(world.replies).toEqual([])
    runs.waiting[1]?.end('in time')
    await settle()
    expect(world.texts()).toEqual(['in time'])
  })
})

describe('Inbox: stopping', () => {
  it('lets the running handler finish, leaves the rest to the journal and takes nothing more', async () => {
    const runs = manualRuns()
    const world = setup({ handlers: [handler({ run: runs.run })] })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do 1'))
    await world.inbox.accept(world.message('.do 2'))
    let isStopped = false
    const stopped = world.inbox.stop().then(() => (isStopped = true))
    await expect(world.inbox.accept(world.message('.do 3'))).rejects.toMatchObject({ code: 'aborted' })
    await settle()
    expect(isStopped).toBe(false)
    runs.waiting[0]?.end('did 1')
    await stopped
    expect(world.clock.pendingLabels()).toEqual([])
    await world.inbox.stop()
    expect(world.texts()).toEqual(['did 1'])
    expect(runs.begun()).toEqual(['1'])
    expect([...world.journal.commands.values()].map(({ state }) => state)).toEqual(['handled', 'received'])
  })

  it('reads nothing after it was stopped', async () => {
    const world = setup()
    await world.inbox.stop()
    await world.inbox.resume()
    expect(world.journal.statements).toEqual([])
  })

  it('sets no timer for a recording that fails while it stops', async () => {
    const failures: (() => void)[] = []
    const world = setup({
      intercept: async (name, land) => {
        if (name !== 'recordHandled') return land()
        return new Promise((_resolve, reject) =>
          failures.push(() => reject(new AppError('store-unavailable', 'away'))),
        )
      },
    })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await settle()
    const stopped = world.inbox.stop()
    failures[0]?.()
    await stopped
    expect(world.clock.pendingLabels()).toEqual([])
  })

  it('leaves no timer behind when the store is away', async () => {
    const world = setup({
      intercept: async (name, land) => {
        if (name === 'recordHandled') throw new AppError('store-unavailable', 'away')
        return land()
      },
    })
    await world.inbox.resume()
    await world.inbox.accept(world.message('.do it'))
    await settle()
    expect(world.clock.pendingLabels()).toEqual(['inbox.retry'])
    await world.inbox.stop()
    expect(world.clock.pendingLabels()).toEqual([])
  })
})
