/** Performs on one connection the faults that strike once: stream errors, closes, corrupt frames. */

import { stanza } from '../wire/stanza.ts'
import type { WireSocket } from '../connection/wire-socket.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { CloseHow, CorruptHow, Fault, Moment } from './fault.ts'
import type { FaultBoard, FaultOf } from './fault-board.ts'

/** Clients get the stream error before the stream ends, but are not left waiting for long. */
export const CLOSE_AFTER_ERROR_MS = 20

/** A header byte of WebSocket with an opcode that does not exist. */
const BAD_OPCODE_FRAME = Buffer.from([0x8f, 0x00])

/** What these faults do to a connection. */
export interface FaultTarget {
  readonly socket: WireSocket
  /** Past every gate. Resolves when written. */
  write(stanza: Stanza): Promise<void>
  /** Sealed and framed as it is. */
  writePlain(plain: Uint8Array): Promise<void>
}

export type OneTimeFault = FaultOf<'stream-error' | 'close' | 'corrupt-frame'>

export function isOneTime(fault: Fault): fault is OneTimeFault {
  return fault.kind === 'stream-error' || fault.kind === 'close' || fault.kind === 'corrupt-frame'
}

/** Strikes the connection with everything on the board that waits for this moment of its life. */
export async function strikeAt(
  moment: Moment,
  board: FaultBoard,
  device: string | undefined,
  target: FaultTarget,
): Promise<void> {
  for (const kind of ['corrupt-frame', 'stream-error', 'close'] as const) {
    const fault = board.strike(kind, device, (each) => (each.at ?? 'now') === moment)
    if (fault !== undefined) await perform(fault, target)
  }
}

export async function perform(fault: OneTimeFault, target: FaultTarget): Promise<void> {
  switch (fault.kind) {
    case 'stream-error':
      await target.write(streamError(fault))
      if (fault.keepsSocket !== true) target.socket.closeAfter(CLOSE_AFTER_ERROR_MS)
      return
    case 'close':
      await close(fault.how, target)
      return
    case 'corrupt-frame':
      await corrupt(fault.how, target)
      return
  }
}

const STREAM_ERROR_CHILDREN: Readonly<
  Record<NonNullable<FaultOf<'stream-error'>['child']>, readonly [string, Readonly<Record<string, string>>]>
> = {
  'conflict-replaced': ['conflict', { type: 'replaced' }],
  'conflict-removed': ['conflict', { type: 'device_removed' }],
  ack: ['ack', { class: 'message', type: 'stanza' }],
}

function streamError({ code, child }: FaultOf<'stream-error'>): Stanza {
  const attrs = { code: code === undefined ? undefined : String(code) }
  return child === undefined
    ? stanza('stream:error', attrs)
    : stanza('stream:error', attrs, [stanza(...STREAM_ERROR_CHILDREN[child])])
}

async function close(how: CloseHow, target: FaultTarget): Promise<void> {
  switch (how) {
    case 'stream-end':
      await target.write(stanza('xmlstreamend'))
      return
    case 'normal':
      target.socket.close(1000)
      return
    case 'server-error':
      target.socket.close(1011)
      return
    case 'terminate':
      target.socket.terminate()
      return
    case 'reset':
      target.socket.reset()
      return
    case 'bad-opcode':
      await target.socket.sendUnframed(BAD_OPCODE_FRAME)
      return
  }
}

async function corrupt(how: CorruptHow, target: FaultTarget): Promise<void> {
  switch (how) {
    case 'bad-tag':
      await target.socket.send(Buffer.concat([Buffer.from([0, 0, 32]), Buffer.alloc(32, 7)]))
      return
    case 'malformed-node':
      await target.writePlain(Buffer.from([0x00, 0xf8, 0x05, 0xff, 0xff, 0xff]))
      return
    case 'empty-body':
      await target.writePlain(Buffer.alloc(0))
      return
    case 'text-frame':
      await target.socket.send('hello')
      return
    case 'partial-frame':
      await target.socket.send(Buffer.from([0x00, 0x10, 0x00, 0x01, 0x02]))
      return
    case 'message-without-id':
      await target.write(stanza('message', { from: '15550000000@s.whatsapp.net', type: 'text' }, []))
      return
  }
}
