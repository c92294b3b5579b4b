/**
 * Paths that are links on well-known systems. The kernel knows a program by its real path: a binding of a link matches nothing. An
 * agent of a host follows links itself (agent/config/follow-links.ts); of a Pod the image's files are not to be seen before it runs.
 */
import type { Located } from '../schema.ts'

/** Debian, Ubuntu, Fedora and others have one folder for both (merged /usr); on Alpine these are links to BusyBox. */
const MERGED = /^\/(bin|sbin|lib|lib64)\//
/** Installed under a version's name, by another project's, or chosen by update-alternatives(1). */
const LINKED =
  /^\/usr\/(local\/)?s?bin\/(python3?|java|javac|redis-server|redis-sentinel|ruby|php|lua|mysqld|nodejs|npm|npx|yarn|dotnet|tclsh|erl|awk|sh|vi|nc|go)$/

export function warnAboutLinks(located: readonly Located[]): void {
  for (const { binding, field } of located) {
    const { binary } = binding.selector
    if (binary === undefined || !(MERGED.test(binary) || LINKED.test(binary))) continue
    const message = 'is a link in many images, and a program is known by the path of the file itself'
    field.report.warning(
      `${field.path}.selector.binary`,
      message,
      'give what `readlink -f` prints for it where the program runs',
    )
  }
}
