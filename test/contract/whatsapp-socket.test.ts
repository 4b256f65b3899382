import { fakeWorld } from './whatsapp-socket-fake.ts'
import { wireWorld } from './whatsapp-socket-wire.ts'
import { describeWhatsappSocket } from './whatsapp-socket.contract.ts'

describeWhatsappSocket('in process', fakeWorld)
describeWhatsappSocket('Baileys on the wire', wireWorld)
