/** Tests that install the packed library into empty folders: they may need the registry, so `npm test` leaves them out. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/package/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 240_000 },
})
