/** Seals rows before they reach the database and opens them after. Implemented by session/encryption.ts. */

export interface RowIdentity {
  readonly type: string
  readonly id: string
}

export interface RowCipher {
  /** The stored form of `plain`, bound to the row's identity: moved to another row it does not open. */
  seal(plain: string, row: RowIdentity): Uint8Array
  /**
   * @throws AppError `store-corrupt` when the row was altered, moved or truncated;
   *   `encryption-key-missing` when it was sealed under a key this process does not hold.
   */
  open(sealed: Uint8Array, row: RowIdentity): string
}
