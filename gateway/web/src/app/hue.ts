/** A hue that is always the same for a person, for the colour of their name. */
export function hueOf(id: string): number {
  let sum = 7;
  for (const c of id) sum = (sum * 31 + c.codePointAt(0)!) % 3600;
  return sum / 10;
}
