// Who is in which slot of a return feed. The offer has six slots, each a picture
// and a sound; the server says over the data channel whom each carries, so that
// nothing is negotiated when people come and go.

/** How many people a return feed carries at once. */
export const SLOTS = 6;

/** Stands for the program among participants. */
export const PROGRAM = '';

export type Told =
  | { type: 'slots'; slots: Map<string, number>; still: Set<string> } // still: whose pictures our thin link goes without
  | { type: 'removed'; reason: string }
  | { type: 'replaced' }; // the same person listens elsewhere now

/** Reads what the server says; undefined for what a newer one may say. */
export function read(text: string): Told | undefined {
  let message: { type?: unknown; slots?: unknown; paused?: unknown; reason?: unknown };
  try {
    message = JSON.parse(text) as typeof message;
  } catch {
    return undefined;
  }
  if (message.type === 'removed') {
    return { type: 'removed', reason: typeof message.reason === 'string' ? message.reason : '' };
  }
  if (message.type === 'replaced') return { type: 'replaced' };
  if (message.type !== 'slots' || !Array.isArray(message.slots)) return undefined;
  const slots = new Map<string, number>();
  const still = new Set<string>(message.paused === true ? [PROGRAM] : []);
  for (const entry of message.slots as { slot?: unknown; participant?: unknown; paused?: unknown }[]) {
    const { slot, participant, paused } = entry;
    if (typeof participant !== 'string' || participant === '') continue; // an empty slot
    if (typeof slot === 'number' && Number.isInteger(slot) && slot >= 0 && slot < SLOTS) slots.set(participant, slot);
    if (paused === true) still.add(participant);
  }
  return { type: 'slots', slots, still };
}
