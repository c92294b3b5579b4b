/** The demo's voice: `==>` begins a step, four spaces its result. */

export function step(text: string): void {
  console.log(`\n==> ${text}`)
}

export function tell(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`    ${line}`)
}

/** A placeholder is a kilobyte of dots; people need its two ends. */
export function shortened(text: string): string {
  return text.replace(/(kernelseal:v1:[0-9a-f]{6})[0-9a-f]*:\.*:[0-9a-f]*(:kernelseal:seal)/g, '$1…$2')
}
