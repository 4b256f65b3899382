/**
 * While code of a virtual process runs, the real clock, timers, chance and threads are out of bounds: touching
 * one is an error in that code and fails the run. Node's async context tells whose code runs, through promises too,
 * so the lab's own code, a database driver or a test runner in the same program never notices. Set once for
 * the whole program, because to everybody else nothing has changed.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import crypto from 'node:crypto'
import fs from 'node:fs'
import filesByPromise from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import zlib from 'node:zlib'

/** A process that can be told what its code must not do. */
export interface WatchedProcess {
  onForbidden(message: string): void
}

const running = new AsyncLocalStorage<WatchedProcess>()

const TIME = 'time comes from the clock port'
const CHANCE = 'chance comes from the random ports'
/** What Node does in threads of its own answers in real time, in any order (measured: 10 traces in 10 runs). */
const THREADS = 'its answer would come in real time'

/** Gives back what runs an action as code of this process, with all that follows from it. */
export function watchedBy(process: WatchedProcess): (action: () => void) => void {
  setOnce()
  return running.run(process, () => AsyncLocalStorage.snapshot())
}

let isSet = false

function setOnce(): void {
  if (isSet) return
  isSet = true
  const timerNames = ['setTimeout', 'setInterval', 'setImmediate']
  guardAll(globalThis, timerNames, '', TIME)
  guardAll(timers, timerNames, 'timers.', TIME)
  guardAll(timersPromises, timerNames, 'timers/promises.', TIME)
  guardAll(performance, ['now'], 'performance.', TIME)
  guardAll(process.hrtime, ['bigint'], 'process.hrtime.', TIME)
  guardAll(process, ['hrtime'], 'process.', TIME)
  guardAll(AbortSignal, ['timeout'], 'AbortSignal.', TIME)
  guardAll(Math, ['random'], 'Math.', CHANCE)
  guardAll(
    crypto,
    ['randomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync'],
    'crypto.',
    CHANCE,
  )
  guardAll(globalThis.crypto, ['randomUUID', 'getRandomValues'], 'crypto.', CHANCE)
  globalThis.Date = guardedDate()
  guardAll(globalThis.crypto.subtle, SUBTLE, 'crypto.subtle.', THREADS)
  guardAll(crypto, ['scrypt', 'pbkdf2', 'hkdf', 'generateKeyPair', 'generateKey'], 'crypto.', THREADS)
  guardAll(
    zlib,
    ['deflate', 'inflate', 'gzip', 'gunzip', 'brotliCompress', 'brotliDecompress'],
    'zlib.',
    THREADS,
  )
  guardAll(fs, FILES, 'fs.', THREADS)
  guardAll(filesByPromise, FILES, 'fs/promises.', THREADS)
  // Whoever imported a function by its name gets the guarded one too.
  syncBuiltinESMExports()
}

const SUBTLE = [
  'digest',
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'deriveBits',
  'deriveKey',
  'generateKey',
  'importKey',
]
const FILES = [
  'readFile',
  'writeFile',
  'appendFile',
  'open',
  'stat',
  'mkdir',
  'readdir',
  'rename',
  'rm',
  'unlink',
]

function guardAll(owner: object, names: readonly string[], prefix: string, instead: string): void {
  for (const name of names) {
    const real: unknown = Reflect.get(owner, name)
    if (typeof real !== 'function') continue
    const value = guarded(real as (...args: never[]) => unknown, `${prefix}${name}()`, instead)
    Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true })
  }
}

/** The same function to everybody but a virtual process. */
function guarded<F extends (...args: never[]) => unknown>(real: F, name: string, instead: string): F {
  return new Proxy(real, {
    apply: (target, self: unknown, args: Parameters<F>): unknown => {
      forbid(name, instead)
      return Reflect.apply(target, self, args)
    },
  })
}

/** Only the readings of now: a date made from a number is arithmetic. */
function guardedDate(): DateConstructor {
  const now = guarded(Date.now, 'Date.now()', TIME)
  return new Proxy(Date, {
    construct: (target, args: [], newTarget) => {
      if (args.length === 0) forbid('new Date()', TIME)
      return Reflect.construct(target, args, newTarget) as Date
    },
    apply: (target) => {
      forbid('Date()', TIME)
      return target()
    },
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  })
}

function forbid(name: string, instead: string): void {
  const process = running.getStore()
  if (process === undefined) return
  const message = `${name} was used: ${instead}`
  process.onForbidden(message)
  throw new Error(message)
}
