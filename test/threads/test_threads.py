# SPDX-License-Identifier: BSD-2-Clause
"""The C library in several threads of one process."""

ROOT_STOPPED = 102  # how QEMU ends when the program in the root server's place faults, which is how it ends


def test_threads_c_library_is_right_in_all_of_them(env):
    """malloc, errno, mutexes, condition variables, rwlocks, semaphores, stdio, thread-specific data and the lives
    of threads are right in 2 and 8 threads of equal and different priorities, also when another thread suspends
    and resumes them at random; no wake-up is lost, and a waiter of high priority does not hold up a lock's owner."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built("test/threads/threads.elf")}
    with env.system({"bench": guest}, programs) as archive, env.warren(archive, smp=1) as machine:
        for how in ("", ", disturbed"):
            for priorities in ("different", "equal"):
                for count in (2, 8):
                    machine.expect(rf"^threads: {count} of {priorities} priorities{how}$", 120,
                                   unless="FAILED|panic|faulted")
        machine.expect(r"^threads: end$", 10)
        machine.expect_exit(ROOT_STOPPED)
