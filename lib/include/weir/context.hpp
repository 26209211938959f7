// Contexts: cancellation, deadlines, values and log ids, handed down the call chain. The room's front door.
#pragma once

#include "weir/context/ambient_slot.hpp"
#include "weir/context/bind_context.hpp"
#include "weir/context/cancel_cause.hpp"
#include "weir/context/canceller.hpp"
#include "weir/context/context.hpp"
#include "weir/context/context_error.hpp"
#include "weir/context/context_scope.hpp"
#include "weir/context/done_event.hpp"
#include "weir/context/done_registration.hpp"
#include "weir/context/overrun.hpp"
#include "weir/context/stop_link.hpp"
#include "weir/context/task_failure.hpp"
#include "weir/context/task_group.hpp"
#include "weir/context/values.hpp"
#include "weir/context/wait.hpp"
#include "weir/context/with_cancel.hpp"
