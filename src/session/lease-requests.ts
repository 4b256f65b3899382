/**
 * Charges and verifications that wait for a renewal, oldest first. The one being served stays in until it is
 * answered, so that giving the lease up answers it too; a second answer is ignored.
 * Bound: 8 at once; one more is answered `unreachable`.
 */

import type { LeaseRenewal } from '../ports/session-store.ts'
import type { LeaseEvent } from './lease-policy.ts'

const MAX_REQUESTS = 8

export type RenewalAnswer =
  | { readonly status: 'lost' | 'unreachable' }
  | { readonly status: 'renewed'; readonly renewal: Extract<LeaseRenewal, { status: 'renewed' }> }

export interface RenewalRequest {
  readonly isCharge: boolean
  resolve(answer: RenewalAnswer): void
}

export class RenewalRequests {
  #waiting: RenewalRequest[] = []

  get oldest(): RenewalRequest | undefined {
    return this.#waiting[0]
  }

  add(isCharge: boolean): Promise<RenewalAnswer> {
    return new Promise((resolve) => {
      if (this.#waiting.length < MAX_REQUESTS) this.#waiting.push({ isCharge, resolve })
      else resolve({ status: 'unreachable' })
    })
  }

  /** Answers a request that was served, with what the store said. */
  answer(request: RenewalRequest, event: LeaseEvent): void {
    this.#waiting = this.#waiting.filter((other) => other !== request)
    const isRenewed = event.type === 'renewed' && event.renewal.status === 'renewed'
    request.resolve(isRenewed ? { status: 'renewed', renewal: event.renewal } : { status: 'unreachable' })
  }

  answerAll(status: 'lost' | 'unreachable'): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const request of waiting) request.resolve({ status })
  }
}
