/** SQLSTATEs of a full disk and of no memory: what is there can be read, what would grow is refused. */
const OUT_OF_ROOM = new Set(['53100', '53200']);

export function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && OUT_OF_ROOM.has((error as { code?: string }).code ?? '');
}
