/**
 * Everything that the admin interface can do, one route each; docs/fake-whatsapp-admin.md shows them with
 * examples. A route says what it does in the server's own words and answers plain data.
 */

import type { Account, AccountOptions } from '../people/account.ts'
import type { Contact, ContactOptions } from '../people/contact.ts'
import type { Group, GroupOptions } from '../people/group.ts'
import type { SimulatedPerson } from '../people/simulated-person.ts'
import type { TruthSnapshot } from '../truth-snapshot.ts'
import { findAccount, findGroup, findPerson } from './admin-lookup.ts'
import type { Residents } from './admin-lookup.ts'
import { AdminProblem } from './admin-problem.ts'
import * as schemas from './admin-schemas.ts'
import { faultRoutes } from './fault-routes.ts'
import type { FaultWorld } from './fault-routes.ts'
import { route } from './route.ts'
import type { Route } from './route.ts'

/** The part of the server that the interface works on. */
export interface AdminWorld extends Residents, FaultWorld {
  readonly url: string
  readonly secureUrl: string
  readonly waitingForPairing: number
  addAccount(options: AccountOptions): Account
  addContact(options: ContactOptions): Contact
  addGroup(options: GroupOptions): Group
  certificate(): Promise<string>
  truth(): TruthSnapshot
}

const MAX_MESSAGES_SHOWN = 1_000

export function adminRoutes(world: AdminWorld): readonly Route[] {
  const routes: readonly Route[] = [
    route('GET', '/admin', {
      does: 'addresses, and everything that can be asked here',
      answer: () => ({
        url: world.url,
        secureUrl: world.secureUrl,
        waitingForPairing: world.waitingForPairing,
        routes: routes.map(({ method, path, does }) => ({ method, path, does })),
      }),
    }),
    route('GET', '/admin/certificate', {
      does: 'the certificate of wss:// and of the media host, as PEM',
      answer: async () => ({ certificate: await world.certificate() }),
    }),
    ...pairingRoutes(world),
    ...peopleRoutes(world),
    ...messageRoutes(world),
    ...faultRoutes(world),
    route('GET', '/admin/sessions', {
      does: 'connections that stand, and who holds a Signal session with whom',
      answer: () => {
        const { connections, sessions } = world.truth()
        return { connections: connections.filter((each) => each.closedAtMs === undefined), sessions }
      },
    }),
    route('GET', '/admin/truth', {
      does: 'all that has really happened: what was sent, received, acknowledged, asked',
      answer: () => world.truth(),
    }),
  ]
  return routes
}

function pairingRoutes(world: AdminWorld): Route[] {
  return [
    route('POST', '/admin/scan', {
      does: "an account's phone scans the text of a QR that a bot shows",
      body: schemas.scanBody,
      answer: async ({ body }) => {
        const account = findAccount(world, body.account, 'account')
        const device = await refusedAs(409, 'qr', account.scanQr(body.qr))
        return { account: account.pn, device: device.number }
      },
    }),
    route('POST', '/admin/pairing-code', {
      does: "an account's phone types the pairing code that a bot shows",
      body: schemas.pairingCodeBody,
      answer: async ({ body }) => {
        const account = findAccount(world, body.account, 'account')
        const code = body.code.replace('-', '').toUpperCase()
        const device = await refusedAs(409, 'code', account.enterPairingCode(code))
        return { account: account.pn, device: device.number }
      },
    }),
  ]
}

function peopleRoutes(world: AdminWorld): Route[] {
  return [
    route('GET', '/admin/accounts', {
      does: 'accounts and their linked devices',
      answer: () => world.accounts.map(accountView),
    }),
    route('POST', '/admin/accounts', {
      does: 'make an account, with a phone of its own',
      body: schemas.accountBody,
      status: 201,
      answer: async ({ body }) => accountView(await made(() => world.addAccount(given(body)))),
    }),
    route('GET', '/admin/contacts', { does: 'contacts', answer: () => world.contacts.map(personView) }),
    route('POST', '/admin/contacts', {
      does: 'make a contact',
      body: schemas.contactBody,
      status: 201,
      answer: async ({ body }) => personView(await made(() => world.addContact(given(body)))),
    }),
    route('GET', '/admin/groups', {
      does: 'groups and their members',
      answer: () => world.groups.map(groupView),
    }),
    route('POST', '/admin/groups', {
      does: 'make a group; its first participant is its owner',
      body: schemas.groupBody,
      status: 201,
      answer: ({ body: { subject, participants, addressing } }) => {
        const people = participants.map((each, index) => findPerson(world, each, `participants[${index}]`))
        return groupView(world.addGroup({ subject, participants: people, ...given({ addressing }) }))
      },
    }),
  ]
}

function messageRoutes(world: AdminWorld): Route[] {
  return [
    route('POST', '/admin/messages', {
      does: 'a contact, or the phone of an account, writes a message',
      body: schemas.messageBody,
      status: 201,
      answer: async ({ body }) => {
        const from = findPerson(world, body.from, 'from')
        const group = body.to === undefined ? undefined : findGroup(world, body.to)
        const to =
          group ??
          (body.to === undefined ? findAccount(world, undefined, 'to') : findPerson(world, body.to, 'to'))
        return { id: await from.say(body.text, { to }) }
      },
    }),
    route('GET', '/admin/inbox/:person', {
      does: `what this person has received, decrypted; the newest ${MAX_MESSAGES_SHOWN}`,
      answer: ({ params }) => {
        const { inbox } = findPerson(world, params['person'] ?? '', 'path')
        return inbox.messages
          .slice(-MAX_MESSAGES_SHOWN)
          .map(({ content: _raw, openedBy: _devices, ...message }) => message)
      },
    }),
  ]
}

function personView({ name, pn, jid, lidJid, addressing }: SimulatedPerson): object {
  return { name, phoneNumber: pn, jid, lid: lidJid, addressing }
}

function accountView(account: Account): object {
  const devices = account.linkedDevices.map((device) => ({
    number: device.number,
    isOnline: device.link !== undefined,
    waiting: device.mailbox.size,
    preKeys: device.preKeyCount,
  }))
  return { ...personView(account), devices }
}

function groupView({ jid, subject, members }: Group): object {
  return { jid, subject, members }
}

/** Without the fields that were left out, as options under exactOptionalPropertyTypes want it. */
function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/** The only thing that can be wrong with checked options is a number that somebody has already. */
async function made<Made>(make: () => Made): Promise<Made> {
  return refusedAs(409, 'phoneNumber', (async () => make())())
}

/** What the server refuses is the caller's to mend. */
async function refusedAs<Result>(status: number, where: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const mend = 'GET /admin/accounts and /admin/contacts show how things stand'
    throw new AdminProblem({ status, what: (error as Error).message, where, mend }, { cause: error })
  }
}
