/** A simulated device's group keys. */

import { expect, it } from 'vitest'
import { SenderKeys } from '../../../../sim/whatsapp/signal/sender-keys.ts'

const GROUP = '120363@g.us'
const ANNA = '77.0'

it('open a group’s messages in whichever order they come, each once', async () => {
  const anna = new SenderKeys()
  const ben = new SenderKeys()
  await ben.accept(GROUP, ANNA, await anna.distribution(GROUP, ANNA))
  const sealed: Buffer[] = []
  for (const text of ['0', '1', '2', '3']) sealed.push(await anna.seal(GROUP, ANNA, Buffer.from(text)))
  const opened: string[] = []
  for (const index of [0, 3, 1, 2]) {
    opened.push(String(await ben.unseal(GROUP, ANNA, sealed[index] ?? Buffer.alloc(0))))
  }
  expect(opened).toEqual(['0', '3', '1', '2'])
  await expect(ben.unseal(GROUP, ANNA, sealed[1] ?? Buffer.alloc(0))).rejects.toThrow('old counter')
})
