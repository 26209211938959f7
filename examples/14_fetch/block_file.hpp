// A file that arrives in blocks, and the table that tells which are there; both outlive the process at any moment.
#pragma once

#include "manifest.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// FILE.part has the blocks, FILE.table their state: a line that says what file it is, then a character for each
/// block. A block is marked after it was written, so a mark that is there is true, unless somebody has changed the
/// file since; that is found out in the constructor, where every marked block is verified. When all are there,
/// FILE.part becomes FILE and the table goes.
class block_file {
 public:
  /// Takes up what an earlier run has left for this state of the file: its marked blocks or, without a table,
  /// whatever is right in FILE.part or FILE. A table of another state is void, and all begins anew. Errors: throws
  /// std::system_error naming the file.
  block_file(const std::string& path, manifest wanted);
  ~block_file();
  block_file(const block_file&) = delete;
  block_file& operator=(const block_file&) = delete;

  bool has(std::size_t block) const { return marks_[block] == present; }
  std::size_t missing() const;
  std::size_t damaged() const { return damaged_; } ///< were marked, and are not as they should be
  bool began_anew() const { return began_anew_; }  ///< because the table was of another state

  /// Writes a block that matches its hash, and marks it.
  void put(std::size_t block, std::span<const char> bytes);
  /// All blocks are there: makes it FILE.
  void finish();

 private:
  static constexpr char present = 'x', absent = '.';

  std::string head() const;
  std::string read_marks();
  void verify(const std::string& candidates);
  void write_table();

  const std::string path_, part_, table_;
  const manifest wanted_;
  std::string marks_;
  int file_ = -1, table_file_ = -1;
  std::size_t damaged_ = 0;
  bool has_table_ = false, began_anew_ = false, is_finished_ = false;
};
