"""What the kernel tells about another process."""

import os


def thread_time_ns(process, thread):
    with open(f"/proc/{process}/task/{thread}/schedstat") as numbers:
        return int(numbers.read().split()[0])


def processor_time_ns(process):
    """Of all its threads so far, the background ones included."""
    return sum(thread_time_ns(process, thread) for thread in os.listdir(f"/proc/{process}/task"))


def first_thread_time_ns(process):
    """Of the thread that runs main()."""
    return thread_time_ns(process, process)


def memory_bytes(process):
    """(all resident pages, those of them that are no file's). Counted page by page: /proc/PID/status is behind."""
    sizes = {}
    with open(f"/proc/{process}/smaps_rollup") as lines:
        for line in lines:
            words = line.split()
            if words[-1] == "kB":
                sizes[words[0]] = int(words[1]) << 10
    return sizes["Rss:"], sizes["Anonymous:"]
