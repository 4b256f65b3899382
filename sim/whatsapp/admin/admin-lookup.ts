/** Finds the people and groups that a request names, and says what is there when it cannot. */

import type { Account } from '../people/account.ts'
import type { Contact } from '../people/contact.ts'
import type { Group } from '../people/group.ts'
import { AdminProblem, notFound } from './admin-problem.ts'

export interface Residents {
  readonly accounts: readonly Account[]
  readonly contacts: readonly Contact[]
  readonly groups: readonly Group[]
}

/** @throws AdminProblem 404 for nobody, 409 for a name that several bear */
export function findPerson(residents: Residents, wanted: string, where: string): Account | Contact {
  return one([...residents.accounts, ...residents.contacts], wanted, where, '/admin/contacts')
}

/**
 * The account named, or the only one.
 * @throws AdminProblem 404 for none, 409 when it is not clear which
 */
export function findAccount({ accounts }: Residents, wanted: string | undefined, where: string): Account {
  if (wanted !== undefined) return one(accounts, wanted, where, '/admin/accounts')
  const [only] = accounts
  if (accounts.length === 1 && only !== undefined) return only
  const what = accounts.length === 0 ? 'there is no account yet' : `there are ${accounts.length} accounts`
  const mend =
    accounts.length === 0 ? 'POST /admin/accounts makes one' : 'name one by its phone number in the body'
  throw new AdminProblem({ status: accounts.length === 0 ? 404 : 409, what, where, mend })
}

export function findGroup({ groups }: Residents, wanted: string): Group | undefined {
  return groups.find((group) => group.jid === wanted || group.subject === wanted)
}

function one<Found extends Account | Contact>(
  people: readonly Found[],
  wanted: string,
  where: string,
  list: string,
): Found {
  const isNumber = (person: Found): boolean => [person.pn, person.jid, person.lidJid].includes(wanted)
  const [byNumber] = people.filter(isNumber)
  if (byNumber !== undefined) return byNumber
  const [found, another] = people.filter((person) => person.name === wanted)
  if (found === undefined) throw notFound(`nobody is known as "${wanted}"`, where, list)
  if (another === undefined) return found
  throw new AdminProblem({
    status: 409,
    what: `more than one person is named "${wanted}"`,
    where,
    mend: 'name the person by phone number',
  })
}
