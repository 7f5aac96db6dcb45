#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "lint/source_copies.h"
#include "mapping/model/model.h"
#include "pg/connection.h"

namespace crossfade::lint {

/// Of which sources a target's view can tell anything. A comparison that can only find what was equal before is left out: it takes
/// most of the time where views are many.
class WhatIsRead {
 public:
  /// Whether the view can have become another one by these changes.
  bool may_change(const std::vector<RowImages>& changed) const;

 private:
  friend asio::awaitable<WhatIsRead> read_what_is_read(pg::Connection& connection, const mapping::Model& model, TargetId target);

  bool anything_ = false;            ///< it reads what is no source, or by a function that does not say what it reads
  std::set<SourceId> sources_;
};

asio::awaitable<WhatIsRead> read_what_is_read(pg::Connection& connection, const mapping::Model& model, TargetId target);

}  // namespace crossfade::lint
