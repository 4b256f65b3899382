/** The environment that brings a bot to the fake WhatsApp by the preload. */

import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fakeRootKey } from '../../whatsapp/wire/fixed-keys.ts'
import { PRELOAD_REPORT_PATH } from './preload-reports.ts'
import type { RealPlaces } from './real-target.ts'

const PRELOAD_URL = new URL('preload/fake-whatsapp-preload.mjs', import.meta.url).href

/** What a dyno in a container must see of this machine. */
export const PRELOAD_FOLDER = dirname(fileURLToPath(PRELOAD_URL))

/** @param nodeOptions the target's own NODE_OPTIONS */
export function preloadEnvironment(places: RealPlaces, nodeOptions = ''): Record<string, string> {
  const { whatsappUrl, adminUrl, account } = places
  return {
    NODE_OPTIONS: `${nodeOptions} --import ${PRELOAD_URL}`.trim(),
    FAKE_WHATSAPP_PRELOAD: JSON.stringify({
      url: whatsappUrl,
      adminUrl,
      account,
      rootKey: fakeRootKey().toString('hex'),
      report: new URL(PRELOAD_REPORT_PATH, adminUrl).href,
    }),
  }
}
