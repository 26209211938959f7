// What ThreadSanitizer is told of the libraries that the tests run.

#if defined(__SANITIZE_THREAD__)
// Visible, as all else here is not: its library looks for them.
extern "C" [[gnu::visibility("default")]] const char* __tsan_default_options(); // NOLINT: its name

// A program that has had threads is held up for a second at its end, so that those left show a race with it. A tenth
// is enough for that, and there are two hundred programs.
extern "C" const char* __tsan_default_options() { return "atexit_sleep_ms=100"; } // NOLINT

extern "C" [[gnu::visibility("default")]] const char* __tsan_default_suppressions(); // NOLINT: its name

// A block of the queue goes back to its producer when the last element has been taken out. Whoever takes that one
// learns of the others by a fetch_add that is a release only, so by the language's rules the next write to the block
// may race with their reads. On the processors that weir runs on it cannot: the reads come before each fetch_add, and
// those before the block's return. Only accesses within the queue are meant, not what is handed over by it.
extern "C" const char* __tsan_default_suppressions() { return "race:moodycamel::ConcurrentQueue\n"; } // NOLINT
#endif
