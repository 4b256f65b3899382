/**
 * Node's HTTP server without its client side. Surprising: `import 'node:http'` reads every export, one of them
 * (WebSocket) loads undici, and that is 40 ms of the dyno's start and 7 MB of the supervisor that nobody uses.
 * What `getBuiltinModule` returns is the same module, with that export still unread.
 */

export const { createServer } = process.getBuiltinModule('node:http')
