// Any bytes as conditions: the result is one that their headers can give, and a tag that is read is found in its
// list.
#include "weir/http/preconditions.hpp"

#include "input.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::precondition;
  input in(data, size);
  const auto present = in.value<std::uint8_t>();
  const std::string own = in.text(), match = in.text(), unmodified = in.text(), none = in.text(),
                    modified = in.text();
  const auto given = [&](int bit, const std::string& text) {
    return (present >> bit & 1) != 0 ? std::optional<std::string_view>(text) : std::nullopt;
  };
  const weir::conditions asked{given(0, match), given(1, unmodified), given(2, none), given(3, modified)};
  const weir::validators current{.tag = weir::parse_entity_tag(own).value_or(weir::entity_tag{"a"}),
                                 .modified = std::chrono::sys_seconds(std::chrono::seconds(784'111'777)),
                                 .now = std::chrono::sys_seconds(std::chrono::seconds(784'115'000))};
  const auto read = weir::evaluate(asked, current, true), written = weir::evaluate(asked, current, false);
  if (!asked.if_match && !asked.if_unmodified_since && !asked.if_none_match && !asked.if_modified_since)
    must(read == precondition::met);
  must(written != precondition::not_modified);
  if (read == precondition::failed)
    must(written == precondition::failed && (asked.if_match || asked.if_unmodified_since));
  if (read == precondition::not_modified) must(asked.if_none_match || asked.if_modified_since);
  if (weir::names_tag(match, current.tag, weir::strong_match))
    must(weir::names_tag(match, current.tag, weir::weak_match));
  if (const auto tag = weir::parse_entity_tag(none)) {
    must(weir::names_tag(none, *tag, weir::weak_match));
    must(weir::names_tag("\"\", " + none + " ,", *tag, weir::weak_match));
  }
  if (weir::range_condition_holds(unmodified, current)) must(!unmodified.starts_with("W/"));
  return 0;
}
