#include "weir/context/done_event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir {

class done_event::descriptor {
 public:
  descriptor() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "weir::done_event: eventfd");
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { ::close(fd_); }

  int get() const noexcept { return fd_; }
  void make_readable() const noexcept {
    // Cannot fail: the counter has room for one, and eventfd(2) is not interrupted where it does not block.
    [[maybe_unused]] const int done = ::eventfd_write(fd_, 1);
  }

 private:
  const int fd_;
};

done_event::done_event(const context& ctx)
    : descriptor_(std::make_shared<descriptor>()),
      registration_(ctx.on_done([shared = descriptor_] { shared->make_readable(); })) {}

int done_event::fd() const noexcept { return descriptor_->get(); }

} // namespace weir
