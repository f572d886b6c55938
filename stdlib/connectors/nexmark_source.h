// The source of nexmark_events: hands out ranges of places in the order of arrival, as fast as they are asked for or
// when the clock says that their events happen.
#pragma once

#include <memory>

#include "runtime/io/connector.h"
#include "stdlib/connector_options.h"

namespace sluice {

// A chunk is as many events as about `chunk_bytes` of bytes would hold.
[[nodiscard]] Result<std::unique_ptr<Source>> open_nexmark_source(const ConnectorOptions& options,
                                                                  uint64_t chunk_bytes);

}  // namespace sluice
