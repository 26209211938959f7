#include "counting/thread_events.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstddef>

// The default visibility is needed: shared libraries have to find these in place of the C library's.
#define WEIR_BENCH_INTERPOSED extern "C" __attribute__((visibility("default")))

using bench::events_of_this_thread;

namespace {

// No guarded static, whose guard might lock; setting it twice does no harm.
template <class... Parameters>
int count_lock(int (*&original)(Parameters...), const char* name, Parameters... arguments) noexcept {
  if (original == nullptr) original = reinterpret_cast<int (*)(Parameters...)>(::dlsym(RTLD_NEXT, name));
  ++events_of_this_thread.locks;
  return original(arguments...);
}

int (*mutex_lock)(pthread_mutex_t*) = nullptr;
int (*mutex_trylock)(pthread_mutex_t*) = nullptr;
int (*mutex_timedlock)(pthread_mutex_t*, const timespec*) = nullptr;
int (*rwlock_rdlock)(pthread_rwlock_t*) = nullptr;
int (*rwlock_wrlock)(pthread_rwlock_t*) = nullptr;
int (*cond_wait)(pthread_cond_t*, pthread_mutex_t*) = nullptr;

} // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

WEIR_BENCH_INTERPOSED void* malloc(std::size_t size) {
  ++events_of_this_thread.allocations;
  return __libc_malloc(size);
}
WEIR_BENCH_INTERPOSED void* calloc(std::size_t count, std::size_t size) {
  ++events_of_this_thread.allocations;
  return __libc_calloc(count, size);
}
WEIR_BENCH_INTERPOSED void* realloc(void* old, std::size_t size) {
  ++events_of_this_thread.allocations;
  return __libc_realloc(old, size);
}
WEIR_BENCH_INTERPOSED void* memalign(std::size_t alignment, std::size_t size) {
  ++events_of_this_thread.allocations;
  return __libc_memalign(alignment, size);
}
WEIR_BENCH_INTERPOSED void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}
WEIR_BENCH_INTERPOSED int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  *result = memalign(alignment, size);
  return *result == nullptr ? ENOMEM : 0;
}

WEIR_BENCH_INTERPOSED int pthread_mutex_lock(pthread_mutex_t* mutex) {
  return count_lock(mutex_lock, "pthread_mutex_lock", mutex);
}
WEIR_BENCH_INTERPOSED int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  return count_lock(mutex_trylock, "pthread_mutex_trylock", mutex);
}
WEIR_BENCH_INTERPOSED int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* limit) {
  return count_lock(mutex_timedlock, "pthread_mutex_timedlock", mutex, limit);
}
WEIR_BENCH_INTERPOSED int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  return count_lock(rwlock_rdlock, "pthread_rwlock_rdlock", lock);
}
WEIR_BENCH_INTERPOSED int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  return count_lock(rwlock_wrlock, "pthread_rwlock_wrlock", lock);
}
WEIR_BENCH_INTERPOSED int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return count_lock(cond_wait, "pthread_cond_wait", condition, mutex);
}
