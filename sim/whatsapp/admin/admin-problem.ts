/** Trouble that the caller of the admin interface can mend; it becomes the JSON of an answer with its status. */

export interface ProblemParts {
  /** HTTP status, 400 to 499. */
  readonly status: number
  readonly what: string
  /** Which part of the request. */
  readonly where: string
  readonly mend: string
}

export class AdminProblem extends Error {
  override readonly name = 'AdminProblem'
  readonly parts: ProblemParts

  constructor(parts: ProblemParts, options?: ErrorOptions) {
    super(parts.what, options)
    this.parts = parts
  }
}

/** 404 for a thing named in the path or body that is not there. */
export function notFound(what: string, where: string, list: string): AdminProblem {
  return new AdminProblem({ status: 404, what, where, mend: `GET ${list} shows those that are there` })
}
