// SPDX-License-Identifier: GPL-2.0
/*
 * Leaves the agent its share of the machine: an agent that gets no CPU says nothing and delivers nothing.
 *
 *   task_setrlimit     prlimit(2) on another process: over a limit of time or memory the kernel itself ends the agent
 *   task_setscheduler  sched_setscheduler(2), sched_setattr(2), sched_setaffinity(2); a move between cpusets
 *   task_setnice       setpriority(2)
 *   task_setioprio     ioprio_set(2)
 *   task_movememory    move_pages(2), migrate_pages(2)
 */
#include "agent_reach.h"
#include "hook.h"

ENFORCE(guard_limits, task_setrlimit, security_task_setrlimit, (target, resource, limit), struct task_struct *target,
	unsigned int resource, struct rlimit *limit)
{
	return reach_verdict(target, KS_WAY_SIGNAL, SIGKILL, again);
}

ENFORCE(guard_scheduler, task_setscheduler, security_task_setscheduler, (target), struct task_struct *target)
{
	return reach_verdict(target, KS_WAY_SCHEDULE, KS_SHARE_CPU, again);
}

ENFORCE(guard_nice, task_setnice, security_task_setnice, (target, nice), struct task_struct *target, int nice)
{
	return reach_verdict(target, KS_WAY_SCHEDULE, KS_SHARE_NICE, again);
}

ENFORCE(guard_io_priority, task_setioprio, security_task_setioprio, (target, priority), struct task_struct *target,
	int priority)
{
	return reach_verdict(target, KS_WAY_SCHEDULE, KS_SHARE_IO, again);
}

ENFORCE(guard_placement, task_movememory, security_task_movememory, (target), struct task_struct *target)
{
	return reach_verdict(target, KS_WAY_SCHEDULE, KS_SHARE_MEMORY, again);
}

char LICENSE[] SEC("license") __weak = "GPL";
