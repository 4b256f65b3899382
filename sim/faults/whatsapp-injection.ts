/** What each fault of the connection turns on the server's switches, and off again when its span is over. */

import type { CloseReport } from '../../src/ports/whatsapp-socket.ts'
import type { WhatsappFaultName, WhatsappFaults } from '../fakes/whatsapp-faults.ts'
import type { FaultOf } from './fault.ts'

export type WhatsappFault = FaultOf<
  | 'disconnect'
  | 'storm'
  | 'refuse-logins'
  | 'stall'
  | 'deaf'
  | 'restart-loop'
  | 'unlink'
  | 'phone-off'
  | 'duplicates'
  | 'drop-acks'
>

/** Under which name the server counts a fault's strikes. */
export const STRIKE_NAMES: Readonly<Record<WhatsappFault['kind'], WhatsappFaultName>> = {
  disconnect: 'disconnect',
  storm: 'disconnect',
  'refuse-logins': 'refuse-login',
  stall: 'stall',
  deaf: 'deaf',
  'restart-loop': 'restart-loop',
  unlink: 'unlink',
  'phone-off': 'phone-off',
  duplicates: 'duplicate-delivery',
  'drop-acks': 'drop-ack',
}

export function beginWhatsapp(whatsapp: WhatsappFaults, fault: WhatsappFault): void {
  switch (fault.kind) {
    case 'disconnect':
    case 'storm':
      whatsapp.disconnect(reportOf(fault))
      return
    case 'refuse-logins':
      if (fault.how === 'status')
        whatsapp.refuseLogins({ statusCode: fault.statusCode, message: 'Connection Failure' })
      else whatsapp.refuseLogins(fault.how === 'tcp' ? 'tcp-refused' : 'hang')
      return
    case 'stall':
      whatsapp.stall(fault.how)
      return
    case 'deaf':
      whatsapp.setDeaf(fault.isMute ? 'mute' : 'acknowledging')
      return
    case 'restart-loop':
      whatsapp.restartLoop(true)
      return
    case 'unlink':
      whatsapp.unlinkDevice()
      return
    case 'phone-off':
      whatsapp.phoneIs('off')
      return
    case 'duplicates':
      whatsapp.duplicateDelivery(fault.probability)
      return
    case 'drop-acks':
      whatsapp.dropAcks(fault.probability)
  }
}

export function endWhatsapp(whatsapp: WhatsappFaults, fault: WhatsappFault): void {
  switch (fault.kind) {
    case 'refuse-logins':
      whatsapp.acceptLogins()
      return
    case 'stall':
      whatsapp.resumeStall()
      return
    case 'restart-loop':
      whatsapp.restartLoop(false)
      return
    case 'phone-off':
      whatsapp.phoneIs('on')
      return
    case 'duplicates':
      whatsapp.duplicateDelivery(0)
      return
    case 'drop-acks':
      whatsapp.dropAcks(0)
      return
    case 'disconnect':
    case 'storm':
    case 'deaf':
    case 'unlink':
  }
}

function reportOf(fault: FaultOf<'disconnect' | 'storm'>): CloseReport {
  return { statusCode: fault.statusCode, message: fault.message }
}
