// For tests that look at messages and fields: lines without time, level and logger.
#pragma once

#include "weir/log/record.hpp"
#include "weir/log/renderer.hpp"

#include <memory>

class bare_renderer final : public weir::renderer {
 public:
  explicit bare_renderer(weir::field_style style) : style_(style) {}
  void render(const weir::record& entry, weir::text_buffer& out) override {
    entry.append_message(out, style_);
    entry.append_fields(out, style_);
    out.push_back('\n');
  }

 private:
  weir::field_style style_;
};

inline std::unique_ptr<weir::renderer> as_bare_text() {
  return std::make_unique<bare_renderer>(weir::field_style::text);
}
inline std::unique_ptr<weir::renderer> as_bare_json() {
  return std::make_unique<bare_renderer>(weir::field_style::json);
}
