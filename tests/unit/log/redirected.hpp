// For tests: a standard descriptor that leads elsewhere for a while.
#pragma once

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <string>

class redirected {
 public:
  redirected(int descriptor, const std::string& path)
      : redirected(descriptor, ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {}
  /// Takes `file` over.
  redirected(int descriptor, int file) : descriptor_(descriptor), saved_(::dup(descriptor)) {
    REQUIRE(file >= 0);
    ::dup2(file, descriptor_);
    ::close(file);
  }
  ~redirected() {
    ::dup2(saved_, descriptor_);
    ::close(saved_);
  }
  redirected(const redirected&) = delete;
  redirected& operator=(const redirected&) = delete;

 private:
  int descriptor_, saved_;
};
