/** `npm pack` in the project's own folder: what others install is the library, not the bot. */

process.stderr.write(
  'error: the bot is deployed, not packed\n' +
    '  where: npm pack\n' +
    '  mend: npm run pack:fake-whatsapp packs the library blacksky-md/fake-whatsapp into dist/\n',
)
process.exitCode = 1
