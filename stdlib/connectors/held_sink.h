// HeldSink: makes a sink whose rows cannot be taken back (print) part of checkpoints. Rows are held back until the
// checkpoint that covers them is complete, and are part of it meanwhile: a crash before they were shown loses none. One
// while they are being shown shows them again. Held in memory: what comes from one checkpoint to the next.
#pragma once

#include <memory>
#include <string>

#include "runtime/io/connector.h"

namespace sluice {

// `note`: a small file that says which rows were shown, for a later life of the job.
[[nodiscard]] std::unique_ptr<Sink> make_held_sink(std::unique_ptr<Sink> sink, std::string note);

}  // namespace sluice
