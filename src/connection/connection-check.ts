/**
 * The regular check of an open connection: a cheap ping each time, and a probe of the message path when
 * deaf-check.ts is suspicious. Owns the order of the questions; what a bad answer leads to is the policy's matter.
 */

import { errorCodeOf } from '../errors.ts'
import type { Logger } from '../ports/logger.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { suspicionOf } from './deaf-check.ts'
import type { SocketSession } from './socket-session.ts'

export type CheckResult = 'fine' | 'connection-lost' | 'deaf'

/** Never rejects. A socket that is closed under the check counts as lost, not as deaf. */
export async function checkConnection(
  session: SocketSession,
  deps: { readonly logger: Logger; readonly settings: ConnectionSettings },
): Promise<CheckResult> {
  const { logger, settings } = deps
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
    return 'fine'
  } catch (error) {
    const code = errorCodeOf(error)
    logger.warn('connection.probe-failed', { generation, suspicion, code })
    return code === 'socket-closed' ? 'connection-lost' : 'deaf'
  }
}
