/** The project's own bot, as the Procfile starts it. Whoever runs it sees to it that it has been built. */

import { delimiter, dirname, join } from 'node:path'
import { InfrastructureError } from '../../infrastructure-error.ts'
import { procfileLine } from '../../dyno/real/web-command.ts'
import type { RealTarget } from './real-target.ts'

const APP_FOLDER = join(import.meta.dirname, '../../..')

/** @throws InfrastructureError when the Procfile has no web line */
export function ourBot(): RealTarget {
  const line = procfileLine(APP_FOLDER)
  if (line === undefined) {
    throw new InfrastructureError(
      `${APP_FOLDER}/Procfile has no line "web: …"`,
      'restore it from the repository',
    )
  }
  return {
    name: 'bot',
    description: "the project's own bot, as the Procfile starts it",
    command: [line],
    appFolder: APP_FOLDER,
    // It writes nothing beside it but temporary files, which have a folder of their own.
    copy: 'none',
    image: undefined,
    mounts: [],
    linking: 'seeded',
    botProcess: 'bot-main',
    notJudged: {},
    environment: ({ databaseUrl, whatsappUrl, sessionId }) => ({
      DATABASE_URL: databaseUrl,
      WHATSAPP_URL: whatsappUrl,
      SESSION_ID: sessionId,
      // The lab's own Node first, as Heroku's is: the memory of a worker's dynos is measured by the worker's copy.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    }),
  }
}

/** What sim/dyno/real/image/build.sh makes of the built project. */
export const BOT_IMAGE = 'blacksky-md:local'

/**
 * The same in a container. The Procfile's words are run as they are: whether an image has a shell is its own matter.
 * @throws InfrastructureError when the Procfile has no web line
 */
export function ourBotInImage(image: string): RealTarget {
  const bot = ourBot()
  const environment: RealTarget['environment'] = (places) => {
    const { PATH: _ofThisMachine, ...variables } = bot.environment(places)
    return variables
  }
  return { ...bot, image, environment, command: bot.command.flatMap((line) => line.split(' ')) }
}
