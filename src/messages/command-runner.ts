/**
 * Makes the reply that a command is owed: runs its handler, or says why it is not run. A handler that throws or
 * takes too long yields an apology. It cannot be stopped from outside: after its deadline it may still be
 * running, and its late outcome is ignored.
 */

import { AppError, errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { MessageJournal, Reply } from '../ports/message-journal.ts'
import type { CommandMatch } from '../plugins/plugin.ts'
import { withDeadline } from '../timing.ts'
import type { QueuedCommand } from './chat-lanes.ts'
import { decideStep } from './inbound-decision.ts'
import { identityOf } from './inbound-key.ts'
import { REPLY_TEXTS, storableText } from './message-text.ts'

export interface CommandRunnerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly journal: Pick<MessageJournal, 'markStarted'>
  newMessageId(): string
  isHeavyWorkAllowed(): boolean
  readonly settings: { readonly handlerTimeoutMs: number }
}

/**
 * The reply, or undefined when there is nothing to say.
 * @throws AppError `lease-lost` or `store-*` when the command could not be marked as started; it has not run then.
 */
export async function answerCommand(
  deps: CommandRunnerDeps,
  command: QueuedCommand,
  epoch: number,
): Promise<Reply | undefined> {
  const answer = await answerTextOf(deps, command, epoch)
  const text = answer === undefined ? '' : storableText(answer)
  return text === '' ? undefined : { replyId: deps.newMessageId(), chat: command.message.chat, text }
}

async function answerTextOf(
  deps: CommandRunnerDeps,
  command: QueuedCommand,
  epoch: number,
): Promise<string | undefined> {
  const step = decideStep(command.state, command.match, deps.isHeavyWorkAllowed())
  if (step.kind === 'close') return undefined
  if (step.kind === 'say') return REPLY_TEXTS[step.text]
  if (step.match.handler.effect === 'once') await markStarted(deps, command, epoch)
  return runHandler(deps, step.match, command)
}

async function markStarted(deps: CommandRunnerDeps, command: QueuedCommand, epoch: number): Promise<void> {
  const outcome = await deps.journal.markStarted({ epoch, key: identityOf(command.message) })
  if (outcome === 'stale-epoch') throw new AppError('lease-lost', 'the session has a new owner')
}

async function runHandler(
  { clock, logger, settings }: CommandRunnerDeps,
  { handler, args }: CommandMatch,
  command: QueuedCommand,
): Promise<string | undefined> {
  const { chat, participant, sentAtMs } = command.message
  try {
    const answer = handler.run({ args, chat, participant, sentAtMs })
    // An answer that is there at once needs no timer.
    return answer instanceof Promise
      ? await withDeadline(clock, 'inbox.handler', settings.handlerTimeoutMs, answer)
      : answer
  } catch (error) {
    const code = errorCodeOf(error)
    // The error's message may quote the user: only its kind is logged.
    const kind = code ?? (error instanceof Error ? error.name : typeof error)
    logger.warn('inbox.handler-failed', { command: handler.name, kind })
    if (code === 'plugin-ended' && handler.effect === 'once') return REPLY_TEXTS.unknown
    if (code !== 'timed-out') return REPLY_TEXTS.failed
    return handler.effect === 'once' ? REPLY_TEXTS.timedOutOnce : REPLY_TEXTS.timedOut
  }
}
