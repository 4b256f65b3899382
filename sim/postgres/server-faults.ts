/** What can be done to a real Postgres server: it goes down hard or in order, and comes back with its data. */

export interface ServerFaults {
  /**
   * `kill`: SIGKILL of all its processes, as a crash of its machine. `stop`: in order; clients are told 57P01.
   * Resolves when nothing of it runs.
   */
  goDown(how: 'kill' | 'stop'): Promise<void>
  /**
   * Starts it again and waits until it answers.
   * @returns its URL, which may have another port
   * @throws InfrastructureError
   */
  comeBack(): Promise<string>
}
