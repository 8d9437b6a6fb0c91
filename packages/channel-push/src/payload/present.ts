/** The object without its undefined members, so that what is shown and measured is what is sent. */
export function present<Shape extends object>(
  members: Shape,
): { [Key in keyof Shape]: Exclude<Shape[Key], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: Exclude<Shape[Key], undefined> };
}
