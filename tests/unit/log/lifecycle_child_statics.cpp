// A second translation unit with static objects: in which order they go is not for the program to say.
#include "lifecycle_child.hpp"

namespace {
lifecycle::static_speaker second("second");
[[gnu::init_priority(200)]] lifecycle::static_speaker early("early");
} // namespace
