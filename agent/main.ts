/** The command line as a process. */
import { runCommandLine } from './cli/commands.ts'

// Started without the options of agent/kernelseal, Node opens its inspector on this signal unless there is a listener.
process.on('SIGUSR1', () => {})

process.exitCode = await runCommandLine(process.argv.slice(2))
