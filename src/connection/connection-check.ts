/**
 * The regular check of an open connection: a cheap ping each time, and a probe of the message path when
 * deaf-check.ts is suspicious. Owns the order of the questions; what a bad answer leads to is the policy's matter.
 * Surprising: the probe's confirmation does not end a silence. It is an answer, and a server may go on to answer
 * while it delivers nothing; only the phone's word, which comes the way of messages, shows that they would come.
 */

import { errorCodeOf } from '../errors.ts'
import type { Logger } from '../ports/logger.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { CheckFailure } from './connection-state.ts'
import { suspicionOf } from './deaf-check.ts'
import type { SocketSession } from './socket-session.ts'

export type CheckResult = 'fine' | CheckFailure

/** Never rejects. A socket that is closed under the check counts as lost, not as deaf. */
export async function checkConnection(
  session: SocketSession,
  deps: {
    readonly logger: Logger
    readonly settings: ConnectionSettings
    /** The phone answers what it is sent, as far as we know. */
    readonly isPhoneExpected: boolean
  },
): Promise<CheckResult> {
  const { logger, settings, isPhoneExpected } = deps
  const { generation } = session
  try {
    await session.ping(settings.pingTimeoutMs)
  } catch (error) {
    logger.warn('connection.ping-failed', { generation, code: errorCodeOf(error) })
    return 'connection-lost'
  }
  const suspicion = suspicionOf(session.deafSigns(), settings)
  if (suspicion === undefined) return 'fine'
  try {
    logger.info('connection.suspicious', { generation, suspicion })
    await session.probe(settings.probeTimeoutMs)
  } catch (error) {
    const code = errorCodeOf(error)
    logger.warn('connection.probe-failed', { generation, suspicion, code })
    return code === 'socket-closed' ? 'connection-lost' : 'deaf'
  }
  return suspicion === 'quiet' && isPhoneExpected ? awaitDelivery(session, deps) : 'fine'
}

async function awaitDelivery(
  session: SocketSession,
  { logger, settings }: { readonly logger: Logger; readonly settings: ConnectionSettings },
): Promise<CheckResult> {
  try {
    await session.deliverySinceProbe(settings.phoneAnswerMs)
    return 'fine'
  } catch (error) {
    if (errorCodeOf(error) === 'socket-closed') return 'connection-lost'
    const { generation } = session
    logger.warn('connection.phone-unheard', { generation, waitedMs: settings.phoneAnswerMs })
    return 'phone-unheard'
  }
}
