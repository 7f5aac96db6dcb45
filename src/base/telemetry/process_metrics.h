#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace crossfade {

/// What this program itself uses, under the names that every Prometheus client gives it (process_…): CPU, memory, open
/// files, and when it started. Read from /proc at each call; what cannot be read is left out.
std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace crossfade
