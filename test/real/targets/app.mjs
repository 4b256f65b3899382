/** A small web app that misbehaves in one stated way: `node app.mjs <way> [figure]`. */

import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [way = 'serve', figure = '0'] = process.argv.slice(2)
const held = []
const say = (text) => process.stdout.write(`${text}\n`)

function hold(mb) {
  for (let index = 0; index < mb; index += 1) held.push(Buffer.alloc(1_048_576, 1))
}

const answers = {
  '/env': (_request, response) => response.end(JSON.stringify(process.env)),
  '/headers': (request, response) => response.end(JSON.stringify(request.headers)),
  '/mark-disk': (_request, response) => {
    const wasMarked = existsSync('marked')
    writeFileSync('marked', 'x')
    response.end(`${wasMarked}`)
  },
  '/memory-limit': (_request, response) => response.end(`${process.constrainedMemory()}`),
  '/never': () => say('working on it'),
  '/hang-up': (request) => request.socket.destroy(),
  '/half': (request, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('half')
    setTimeout(() => request.socket.destroy(), 50)
  },
  '/stutter': (_request, response) => {
    response.writeHead(200)
    response.write('first')
  },
}

function serve(host) {
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url, 'http://x').pathname]
    if (answer === undefined) response.end(`pid ${process.pid}`)
    else answer(request, response)
  })
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(Number(process.env.PORT), host)
  return server
}

/** A grandchild that breaks with parent, group and session, and is alone within milliseconds. */
function daemon() {
  spawn('sh', ['-c', 'setsid sleep 3600 >/dev/null 2>&1 &'], { detached: true, stdio: 'ignore' }).unref()
}

function onUpgrade(answer) {
  const server = serve()
  server.removeAllListeners('upgrade')
  server.on('upgrade', (_request, socket) => answer(socket))
}

const ways = {
  serve: () => serve(),
  loopback: () => serve('127.0.0.1'),
  'stop-listening': () => {
    const server = serve()
    setTimeout(() => server.close(() => say('closed')), 500)
    setInterval(() => undefined, 1e6)
  },
  'refuse-upgrades': () => onUpgrade((socket) => socket.destroy()),
  'ignore-upgrades': () => onUpgrade(() => say('upgrade ignored')),
  'never-bind': () => setInterval(() => undefined, 1e6),
  'slow-boot': () => setTimeout(serve, Number(figure)),
  'ignore-sigterm': () => {
    process.on('SIGTERM', () => say('SIGTERM ignored'))
    serve()
  },
  graceful: () => {
    let count = 0
    process.on('SIGTERM', () => {
      count += 1
      say(`SIGTERM ${count}`)
      setTimeout(() => process.exit(0), 700)
    })
    serve()
  },
  'with-child': () => {
    const script = `process.on('SIGTERM', () => { console.log('child SIGTERM'); process.exit(0) }); setInterval(() => 1, 1e6); console.log('child ready')`
    spawn(process.execPath, ['-e', script], { stdio: 'inherit' })
    ways.graceful()
  },
  'with-daemon': () => {
    daemon()
    serve()
  },
  'daemon-and-exit': () => {
    daemon()
    serve()
    setTimeout(() => process.exit(3), 600)
  },
  exit: () => process.exit(Number(figure)),
  grow: () => {
    serve()
    hold(60)
    setInterval(() => hold(Number(figure)), 100)
  },
  'grow-in-child': () => {
    serve()
    const script = `const held = []; for (let i = 0; i < ${figure}; i += 1) held.push(Buffer.alloc(1048576, 1)); setInterval(() => held.length, 1e6)`
    spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
  },
  burst: () => {
    serve()
    setTimeout(() => hold(Number(figure)), 300)
  },
  binary: () => {
    process.stdout.write(Buffer.from([0, 1, 2, 7, 255, 254, 27, 91, 109, 10]))
    process.stdout.write(`${'y'.repeat(25_000)}\n`)
    serve()
  },
}

ways[way]()
