/**
 * What the balloon inside a process can take: for each kind a store that grows to so many bytes and shrinks
 * to so many, in units of its own. All memory is written to, so that it is resident and not merely promised.
 */

import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'

const KB = 1_024
const PAGE_BYTES = 4 * KB
const LARGE_BYTES = 256 * KB
/** Address space that one block of pages may grow into. */
const BLOCK_BYTES = 64 * KB * KB
const SMALL_BYTES = KB
/** A block and what V8 and malloc keep beside it: measured 116 MB for 80 MB of blocks on Node 24, 122 on 20. */
const SMALL_COST_BYTES = 1_490
const STRING_BYTES = 16 * KB
const CAPTURED_BYTES = 4 * KB
/** Every string is copied from here, so that making one leaves nothing behind. */
const LETTERS = Buffer.alloc(STRING_BYTES, 'x')
/** Node's longest timer, 24.8 days. */
const NEVER_MS = 2 ** 31 - 1

/** A store whose bytes are `units` alike things. */
function storeOf({ unitBytes, make, free = () => undefined }) {
  const units = []
  const lengthFor = (bytes) => Math.max(0, Math.floor(bytes / unitBytes))
  return {
    heldBytes: () => units.length * unitBytes,
    growTo: (bytes) => {
      for (let left = lengthFor(bytes) - units.length; left > 0; left -= 1) units.push(make())
    },
    shrinkTo: (bytes) => {
      for (const unit of units.splice(lengthFor(bytes))) free(unit)
    },
  }
}

function growBlock(block, bytes) {
  const from = block.byteLength
  block.resize(bytes)
  const view = Buffer.from(block)
  for (let at = from; at < bytes; at += PAGE_BYTES) view[at] = 1
}

/**
 * Large Buffers that go back to the system at once when they are released. Freed Buffers of malloc do not
 * always (measured: 65 of 81 MB stayed), because glibc raises its mmap threshold; a resizable ArrayBuffer is
 * a mapping of V8's own, which grows and shrinks by pages.
 */
function pageStore() {
  const blocks = []
  const held = () => blocks.reduce((total, block) => total + block.byteLength, 0)
  return {
    heldBytes: held,
    growTo: (bytes) => {
      let left = Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES - held()
      while (left > 0) {
        if (blocks.length === 0 || blocks.at(-1).byteLength === BLOCK_BYTES) {
          blocks.push(new ArrayBuffer(0, { maxByteLength: BLOCK_BYTES }))
        }
        const block = blocks.at(-1)
        const step = Math.min(left, BLOCK_BYTES - block.byteLength)
        growBlock(block, block.byteLength + step)
        left -= step
      }
    },
    shrinkTo: (bytes) => {
      let excess = held() - Math.ceil(Math.max(0, bytes) / PAGE_BYTES) * PAGE_BYTES
      while (excess > 0) {
        const block = blocks.at(-1)
        const step = Math.min(excess, block.byteLength)
        block.resize(block.byteLength - step)
        if (block.byteLength === 0) blocks.pop()
        excess -= step
      }
    },
  }
}

/** As a library makes them: touched, and freed when V8 finds the time. */
function largeBuffer() {
  const buffer = Buffer.allocUnsafeSlow(LARGE_BYTES)
  for (let at = 0; at < LARGE_BYTES; at += PAGE_BYTES) buffer[at] = 1
  return buffer
}

/** A flat string of the heap, about so many bytes. */
function text(bytes) {
  return LETTERS.latin1Slice(0, bytes - 16)
}

const NUMBERS = Array.from({ length: 117 }, (_, index) => index + 0.5)

/** An object with a list of numbers: 128 × 8 bytes, its headers included. */
function heapObject() {
  return { at: 0, values: NUMBERS.slice() }
}

function smallBlock() {
  const block = new Uint8Array(SMALL_BYTES)
  block.fill(1)
  return block
}

function retainedTimer() {
  const captured = text(CAPTURED_BYTES)
  const timer = setTimeout(() => captured.length, NEVER_MS)
  timer.unref()
  return timer
}

function listenerStore() {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  return storeOf({
    unitBytes: CAPTURED_BYTES,
    make: () => {
      const captured = text(CAPTURED_BYTES)
      const listener = () => captured.length
      emitter.on('never', listener)
      return listener
    },
    free: (listener) => emitter.off('never', listener),
  })
}

/** Made and dropped at once: `heldBytes` is what has been made, and nothing of it can be let go. */
function garbageStore() {
  let madeBytes = 0
  return {
    heldBytes: () => madeBytes,
    growTo: (bytes) => {
      for (; madeBytes + LARGE_BYTES <= bytes; madeBytes += LARGE_BYTES) largeBuffer()
    },
    shrinkTo: () => {
      madeBytes = 0
    },
  }
}

/** Large Buffers that the target itself may shed: `globalThis[Symbol.for('balloon.cache')].shed()`. */
function cacheStore() {
  const store = pageStore()
  globalThis[Symbol.for('balloon.cache')] = { heldBytes: store.heldBytes, shed: () => store.shrinkTo(0) }
  return store
}

/** A child of the target that holds Buffers; about 45 MB more for its own Node. It ends with the target. */
const CHILD_SCRIPT = `
const held = []
process.on('message', (units) => {
  while (held.length < units) held.push(Buffer.alloc(${LARGE_BYTES}, 1))
  held.length = units
})
process.on('disconnect', () => process.exit())`

function childStore() {
  let child
  let units = 0
  const setUnits = (bytes) => {
    const wanted = Math.floor(bytes / LARGE_BYTES)
    if (wanted === units) return
    units = wanted
    child ??= startChild(() => {
      child = undefined
      units = 0
    })
    if (child.connected) child.send(units, () => undefined)
    if (units === 0) child.kill()
  }
  return { heldBytes: () => units * LARGE_BYTES, growTo: setUnits, shrinkTo: setUnits }
}

function startChild(onExit) {
  const { BALLOON_SOCKET: _socket, NODE_OPTIONS: _options, ...env } = process.env
  const child = spawn(process.execPath, ['-e', CHILD_SCRIPT], {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  child.once('exit', onExit)
  child.on('error', () => undefined)
  child.unref()
  child.channel?.unref()
  return child
}

/** By name; the names of the ledger's kinds mean the same here. */
export const KINDS = {
  heap: () => storeOf({ unitBytes: KB, make: heapObject }),
  strings: () => storeOf({ unitBytes: STRING_BYTES, make: () => text(STRING_BYTES) }),
  external: pageStore,
  'small-blocks': () => storeOf({ unitBytes: SMALL_COST_BYTES, make: smallBlock }),
  timers: () => storeOf({ unitBytes: CAPTURED_BYTES, make: retainedTimer, free: clearTimeout }),
  listeners: listenerStore,
  garbage: garbageStore,
  cache: cacheStore,
  child: childStore,
}
