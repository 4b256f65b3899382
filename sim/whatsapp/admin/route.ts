/** What a route of the admin interface is, and how a request finds its own. Pure: it knows no sockets. */

import type { z } from 'zod'
import { AdminProblem } from './admin-problem.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

export interface Call<Body> {
  /** The `:names` of the path, decoded. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Body
}

/** What `route` makes: the body's type is known only inside. */
export interface Route {
  readonly method: Method
  /** E.g. `/admin/faults/:id`. */
  readonly path: string
  /** One line for the list of routes. */
  readonly does: string
  readonly body: z.ZodType | undefined
  /** Status of success: 200, or 201 where something was created. */
  readonly status: number
  /** @returns the answer's JSON @throws AdminProblem */
  readonly answer: (call: Call<unknown>) => unknown
}

export interface RouteParts<Body> {
  readonly does: string
  readonly body?: z.ZodType<Body>
  readonly status?: number
  readonly answer: (call: Call<Body>) => unknown
}

export function route<Body = undefined>(method: Method, path: string, parts: RouteParts<Body>): Route {
  return {
    method,
    path,
    does: parts.does,
    body: parts.body,
    status: parts.status ?? 200,
    // The body has been through this very schema before it comes here.
    answer: (call) => parts.answer(call as Call<Body>),
  }
}

export interface FoundRoute {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** @throws AdminProblem 404 for an unknown path, 405 for a method that the path does not have, 400 for a bad escape */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const matches = routes.flatMap((each) => {
    const params = match(each.path, path)
    return params === undefined ? [] : [{ route: each, params }]
  })
  const found = matches.find((each) => each.route.method === method)
  if (found !== undefined) return found
  if (matches.length === 0) {
    throw new AdminProblem({
      status: 404,
      what: `there is nothing at ${path}`,
      where: 'path',
      mend: 'GET /admin lists what there is',
    })
  }
  const methods = matches.map((each) => each.route.method).join(', ')
  throw new AdminProblem({
    status: 405,
    what: `${path} does not take ${method}`,
    where: 'method',
    mend: `use ${methods}`,
  })
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split('/')
  const steps = path.replace(/\/$/, '').split('/')
  if (names.length !== steps.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const step = steps[index] ?? ''
    if (name.startsWith(':')) params[name.slice(1)] = decode(step)
    else if (name !== step) return undefined
  }
  return params
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch (error) {
    throw new AdminProblem(
      { status: 400, what: 'a bad percent escape', where: `path, "${step}"`, mend: 'encode it as a URL' },
      { cause: error },
    )
  }
}
