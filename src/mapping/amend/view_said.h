#pragma once

#include <string>

namespace crossfade::mapping {

/// Whether two scripts say the same of view `name`, but for comments and blanks. Where they differ in anything that is no view, any view may
/// mean something else, and they do not.
bool view_said_alike(const std::string& before, const std::string& now, const std::string& name);

}  // namespace crossfade::mapping
