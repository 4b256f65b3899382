/** The part of the admin interface that makes things go wrong. Faults are known by a number, whoever injected them. */

import type { Fault } from '../faults/fault.ts'
import type { InjectedFault } from '../faults/fault-board.ts'
import { parseFault } from '../faults/parse-fault.ts'
import { AdminProblem, notFound } from './admin-problem.ts'
import * as schemas from './admin-schemas.ts'
import { route } from './route.ts'
import type { Route } from './route.ts'

export interface FaultWorld {
  readonly faults: readonly InjectedFault[]
  inject(fault: Fault): Promise<InjectedFault>
}

export function faultRoutes(world: FaultWorld): Route[] {
  const numbers = new FaultNumbers()
  const view = (injected: InjectedFault): object => ({
    id: numbers.of(injected),
    fault: injected.fault,
    struck: injected.struck,
    isInForce: injected.isInForce,
  })
  return [
    route('GET', '/admin/faults', {
      does: 'faults that were injected and not lifted, and how often each has struck',
      answer: () => world.faults.map(view),
    }),
    route('POST', '/admin/faults', {
      does: 'inject a fault; answers when it is in force on every connection',
      body: schemas.faultBody,
      status: 201,
      answer: async ({ body }) => view(await world.inject(parsed(body))),
    }),
    route('DELETE', '/admin/faults/:id', {
      does: 'lift a fault; answers how often it has struck',
      answer: async ({ params }) => {
        const id = params['id'] ?? ''
        const found = world.faults.find((each) => String(numbers.of(each)) === id)
        if (found === undefined) throw notFound(`no fault in force has the id ${id}`, 'path', '/admin/faults')
        await found.lift()
        return view(found)
      },
    }),
  ]
}

/** @throws AdminProblem 400 */
function parsed(body: unknown): Fault {
  const fault = readFault(body)
  if (fault.kind !== 'refuse' || fault.forMs !== undefined) return fault
  throw new AdminProblem({
    status: 400,
    what: 'without an end this fault could not be lifted from here: the port refuses everybody',
    where: 'forMs',
    mend: 'give forMs, after how many milliseconds the port shall be open again',
  })
}

function readFault(body: unknown): Fault {
  try {
    return parseFault(body)
  } catch (error) {
    const mend = 'docs/fake-whatsapp-admin.md lists the kinds of faults and their fields'
    throw new AdminProblem(
      { status: 400, what: (error as Error).message, where: 'body', mend },
      { cause: error },
    )
  }
}

/** Numbers from 1, in the order in which faults are first seen; a fault that is gone leaves nothing behind. */
class FaultNumbers {
  readonly #numbers = new WeakMap<InjectedFault, number>()
  #last = 0

  of(injected: InjectedFault): number {
    const known = this.#numbers.get(injected)
    if (known !== undefined) return known
    this.#last += 1
    this.#numbers.set(injected, this.#last)
    return this.#last
  }
}
