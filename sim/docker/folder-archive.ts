/**
 * A tar archive of folders without files: unpacked over a container's file system, it gives those folders to an owner
 * and leaves what is in them as it is. POSIX ustar; pure.
 */

export interface FolderOwner {
  readonly uid: number
  readonly gid: number
}

const BLOCK_BYTES = 512
const MAX_NAME_BYTES = 100
const CHECKSUM_AT = 148
/** Of the checksum while it is made. */
const BLANKS = ' '.repeat(8)

/** @param folders absolute; longer ones than the format's 100 bytes are left out */
export function folderArchive(folders: readonly string[], owner: FolderOwner): Buffer {
  const names = folders.map((folder) => `${folder.replace(/^\/+|\/+$/g, '')}/`)
  const fitting = names.filter((name) => name !== '/' && Buffer.byteLength(name) <= MAX_NAME_BYTES)
  return Buffer.concat([...fitting.map((name) => header(name, owner)), Buffer.alloc(2 * BLOCK_BYTES)])
}

function header(name: string, { uid, gid }: FolderOwner): Buffer {
  const fields: readonly (readonly [at: number, text: string])[] = [
    [0, name],
    [100, octal(0o755, 7)],
    [108, octal(uid, 7)],
    [116, octal(gid, 7)],
    [124, octal(0, 11)],
    [136, octal(0, 11)],
    [CHECKSUM_AT, BLANKS],
    // A folder.
    [156, '5'],
    [257, 'ustar\u000000'],
  ]
  const block = Buffer.alloc(BLOCK_BYTES)
  for (const [at, text] of fields) block.write(text, at)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, CHECKSUM_AT)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
