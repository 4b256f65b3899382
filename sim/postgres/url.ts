/** A Postgres server that somebody else runs. Only databases are made there, and dropped at the end. */

import { InfrastructureError } from '../infrastructure-error.ts'
import type { RawServer } from './postgres-server.ts'

/** @throws InfrastructureError when the URL is missing or malformed; whether it answers is seen later. */
export function serverAtUrl(url: string | undefined): RawServer {
  const hint = 'set DATABASE_URL to postgres://user:password@host:port/database'
  if (url === undefined || url === '')
    throw new InfrastructureError('no URL of a Postgres server was given', hint)
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    // Without the text itself: it may hold a password.
    throw new InfrastructureError('the URL of the Postgres server is malformed', hint)
  }
  return { kind: 'url', url, stop: () => Promise.resolve(), faults: undefined }
}
