/**
 * Heap snapshots over HTTP: take one, download the newest. Where the file is and whether memory allows one is
 * the snapshot door's matter. Surprising: a snapshot may take longer than Heroku's router waits (30 s), so
 * after a while the answer is "under way" and the file is fetched later.
 */

import type { RequestHandler, Response } from 'express'
import { errorCodeOf, errorMessageOf } from '../errors.ts'
import { withDeadline } from '../timing.ts'
import type { SnapshotAnswer } from './health-source.ts'
import { plain } from './http-access.ts'
import type { HttpAccess } from './http-access.ts'
import type { HealthServerDeps } from './http-server.ts'
import { noticePage } from './pages.ts'

/** Below the router's 30 s. */
const ANSWER_WITHIN_MS = 20_000

export function snapshotHandlers(
  deps: HealthServerDeps,
  access: HttpAccess,
): { readonly take: RequestHandler; readonly download: RequestHandler } {
  const { snapshots, clock, logger } = deps
  return {
    take: async (request, response) => {
      if (snapshots === undefined) return plain(response, 501, 'This bot takes no snapshots.')
      logger.info('http.snapshot-requested')
      const isBrowser = access.caller(request) === 'cookie'
      try {
        const answer = await withDeadline(clock, 'http.snapshot', ANSWER_WITHIN_MS, snapshots.take())
        if (isBrowser && answer.status === 'taken') return response.redirect(303, '/pairing')
        return answered(response, isBrowser, answer)
      } catch (error) {
        if (errorCodeOf(error) === 'timed-out') return underWay(response, isBrowser)
        logger.warn('http.snapshot-failed', { reason: errorMessageOf(error) })
        return answered(response, isBrowser, { status: 'refused', reason: errorMessageOf(error) })
      }
    },
    download: (_request, response, next) => {
      const file = snapshots?.newest()
      if (file === undefined) return plain(response, 404, 'No snapshot was taken since the last restart.')
      const name = `bot-${new Date(file.takenAtMs).toISOString().replaceAll(/[:.]/g, '-')}.heapsnapshot`
      const options = { dotfiles: 'allow', cacheControl: false, acceptRanges: false } as const
      return response.download(file.path, name, options, (error: unknown) => {
        // Gone away in the middle is the client's right; a file that is gone has an answer.
        if (error !== undefined && !response.headersSent) next(error)
      })
    },
  }
}

function answered(response: Response, isBrowser: boolean, answer: SnapshotAnswer): void {
  response.status(answer.status === 'taken' ? 201 : 409)
  if (!isBrowser) response.json(answer)
  else if (answer.status === 'refused') response.type('html').send(noticePage('No snapshot', answer.reason))
}

function underWay(response: Response, isBrowser: boolean): void {
  const text = 'The snapshot is still being taken; download it in a while.'
  if (isBrowser) response.status(202).type('html').send(noticePage('Snapshot', text))
  else plain(response, 202, text)
}
