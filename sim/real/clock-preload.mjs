/**
 * Loaded into a target's processes by --import: their Date is wrong by what stands in a file of their dyno, which is
 * read again ten times a second. Timers and performance.now are the machine's own, as monotonic clocks are.
 */

import { readFileSync } from 'node:fs'

const LOOK_MS = 100
const MachineDate = Date
const dyno = (process.env['HEROKU_SIM_BOOT'] ?? '').split('.').at(-1)
const file = `${process.env['LAB_CLOCKS']}/${dyno}`
let wrongByMs = 0

function look() {
  try {
    wrongByMs = Number(readFileSync(file, 'utf8'))
  } catch {
    // No file: this dyno's clock is right.
  }
}

function now() {
  return MachineDate.now() + wrongByMs
}

look()
setInterval(look, LOOK_MS).unref()

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, words, newTarget) =>
    Reflect.construct(target, words.length === 0 ? [now()] : words, newTarget),
  apply: () => new MachineDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
