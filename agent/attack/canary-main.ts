/**
 * The canary's program. Perf samples the user stack of a task only while it runs, so it spins for 5 of every 20 ms; it
 * imports nothing, which leaves the stack between its frames and its environment short enough for one sample (64 KiB).
 */
setInterval(() => {
  const end = Date.now() + 5
  while (Date.now() < end);
}, 20)
