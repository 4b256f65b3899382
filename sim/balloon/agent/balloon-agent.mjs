/**
 * The memory balloon inside a real process: loaded by `--import` into any Node from 20 on, driven over the
 * Unix socket BALLOON_SOCKET, where the lab listens. Plain JavaScript without a single package, because the
 * target knows neither our node_modules nor type stripping. It takes real memory, never keeps its process
 * alive, and without the variable it does nothing.
 *
 * Lines of JSON. To the lab: `hello` {pid, startTicks, parentPid, argv, node}, then one answer for each request, by `id`.
 * From the lab: {id, do: 'hold', kind, bytes, bytesPerSecond} · {id, do: 'report'} · {id, do: 'collect'}.
 */

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'
import { KINDS } from './balloon-kinds.mjs'

const SLICE_MS = 10
const RETRY_MS = 1_000

/** kind → what it holds and where it is going. */
const balloons = new Map()

function balloonOf(kind) {
  const known = balloons.get(kind)
  if (known !== undefined) return known
  const create = KINDS[kind]
  if (create === undefined)
    throw new Error(`unknown kind ${kind}; known are ${Object.keys(KINDS).join(', ')}`)
  const balloon = { store: create(), ramp: undefined }
  balloons.set(kind, balloon)
  return balloon
}

/** Grows at the given rate, lets go at once; answers when it is there or when another request took over. */
function hold({ kind, bytes, bytesPerSecond }, answer) {
  const balloon = balloonOf(kind)
  balloon.ramp?.end({ isSuperseded: true })
  const { store } = balloon
  const startBytes = store.heldBytes()
  if (bytes <= startBytes) {
    store.shrinkTo(bytes)
    answer({ heldBytes: store.heldBytes() })
    return
  }
  const startMs = performance.now()
  const grow = () => {
    const allowedBytes = startBytes + ((performance.now() - startMs) / 1_000) * (bytesPerSecond ?? Infinity)
    store.growTo(Math.min(bytes, allowedBytes))
    if (allowedBytes >= bytes) balloon.ramp.end({})
  }
  const timer = setInterval(grow, SLICE_MS)
  timer.unref()
  balloon.ramp = {
    end: (outcome) => {
      clearInterval(timer)
      balloon.ramp = undefined
      answer({ heldBytes: store.heldBytes(), ...outcome })
    },
  }
  grow()
}

function report() {
  const held = Object.fromEntries([...balloons].map(([kind, { store }]) => [kind, store.heldBytes()]))
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
  return { held, memory: { rss, heapUsed, heapTotal, external, arrayBuffers } }
}

let gc
/** A full collection that also returns what it freed to the system. */
function collect() {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc')
  }
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  // Node 20 makes nothing of the words above.
  gc()
  return report()
}

function obey(request, answer) {
  switch (request.do) {
    case 'hold':
      hold(request, answer)
      break
    case 'report':
      answer(report())
      break
    case 'collect':
      answer(collect())
      break
    default:
      throw new Error(`unknown request ${request.do}`)
  }
}

function open(path) {
  const socket = connect(path)
  socket.unref()
  socket.setEncoding('utf8')
  const send = (message) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
  }
  socket.once('connect', () =>
    send({
      hello: {
        pid: process.pid,
        startTicks: startTicks(),
        parentPid: process.ppid,
        argv: process.argv,
        node: process.version,
      },
    }),
  )
  let rest = ''
  socket.on('data', (text) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      let id
      try {
        const request = JSON.parse(line)
        id = request.id
        obey(request, (result) => send({ id, result }))
      } catch (error) {
        // Whatever is wrong with a request, the target shall not feel it.
        send({ id, error: error instanceof Error ? error.message : String(error) })
      }
    }
  })
  socket.on('error', () => undefined)
  // What is held stays held when the lab goes; a lab that comes back finds it.
  socket.once('close', () => setTimeout(() => open(path), RETRY_MS).unref())
}

/** By which this process is known also where its pid is another one: field 22, counted from the last parenthesis. */
function startTicks() {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return undefined
  }
}

const socketPath = process.env.BALLOON_SOCKET
if (isMainThread && socketPath !== undefined && socketPath !== '') open(socketPath)
