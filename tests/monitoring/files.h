#pragma once

#include <filesystem>
#include <string>

namespace crossfade::test {

/// The folder monitoring/ of the source.
std::filesystem::path monitoring_folder();
/// One of its files.
std::string monitoring_file(const std::string& path);

/// `text` with every `what` replaced; fails the test where there is none, because then the text has changed.
std::string replaced(std::string text, const std::string& what, const std::string& by);

}  // namespace crossfade::test
