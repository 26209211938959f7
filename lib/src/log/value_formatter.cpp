#include "log/value_formatter.hpp"

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace weir::detail {

namespace {

template <class T>
class parsed_formatter final : public value_formatter {
 public:
  parsed_formatter(std::size_t argument, std::string spec) : argument_(argument) {
    spec += '}';
    fmt::format_parse_context context(spec);
    formatter_.parse(context);
  }
  void append(text_buffer& out, const argument_positions& all) const override {
    fmt::format_context context(fmt::appender(out), {});
    formatter_.format(codec<T>::read(all[argument_]), context);
  }

 private:
  std::size_t argument_;
  fmt::formatter<T> formatter_;
};

class custom_formatter final : public value_formatter {
 public:
  custom_formatter(std::size_t argument, const argument_type& type, const std::string& spec)
      : argument_(argument), type_(&type), format_("{:" + spec + "}") {}
  void append(text_buffer& out, const argument_positions& all) const override {
    type_->append_custom(fmt::appender(out), format_, all[argument_]);
  }

 private:
  std::size_t argument_;
  const argument_type* type_;
  std::string format_;
};

/// The specification is put together for each record.
class nested_formatter final : public value_formatter {
 public:
  nested_formatter(std::size_t argument, std::span<const argument_type> types, std::string spec)
      : argument_(argument), types_(types), format_("{:" + std::move(spec) + "}") {}

  void append(text_buffer& out, const argument_positions& all) const override {
    const std::string format = with_numbers(all);
    const argument_type& type = types_[argument_];
    if (type.kind == argument_kind::custom) return type.append_custom(fmt::appender(out), format, all[argument_]);
    with_value(type.kind, all[argument_],
               [&](const auto& value) { fmt::vformat_to(fmt::appender(out), format, fmt::make_format_args(value)); });
  }

 private:
  /// The format with the values of the arguments that it names; fmt has checked that they are integers.
  std::string with_numbers(const argument_positions& all) const {
    std::string format = "{";
    for (std::size_t i = 1; i < format_.size(); ++i) {
      if (format_[i] != '{') {
        format += format_[i];
        continue;
      }
      std::size_t number = 0;
      while (format_[++i] != '}') number = number * 10 + static_cast<std::size_t>(format_[i] - '0');
      with_value(types_[number].kind, all[number], [&](const auto& value) {
        if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(value)>>) format += std::to_string(value);
      });
    }
    return format;
  }

  std::size_t argument_;
  std::span<const argument_type> types_;
  std::string format_;
};

} // namespace

std::unique_ptr<const value_formatter> make_formatter(const format_piece& piece,
                                                      std::span<const argument_type> arguments) {
  const argument_type& type = arguments[piece.argument];
  if (piece.is_nested()) return std::make_unique<nested_formatter>(piece.argument, arguments, piece.spec);
  if (type.kind == argument_kind::custom) return std::make_unique<custom_formatter>(piece.argument, type, piece.spec);
  // The value is not looked at: only its type matters.
  constexpr std::byte nothing[16]{};
  return with_value(type.kind, nothing, [&]<class T>(const T&) -> std::unique_ptr<const value_formatter> {
    return std::make_unique<parsed_formatter<T>>(piece.argument, piece.spec);
  });
}

} // namespace weir::detail
