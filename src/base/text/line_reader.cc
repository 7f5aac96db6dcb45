#include "base/text/line_reader.h"

#include "base/error/failure.h"

namespace crossfade {

bool LineReader::next() {
  while (read_line()) {
    if (too_long_ || text_.find_first_not_of(" \t\r") != std::string::npos) return true;
  }
  return false;
}

bool LineReader::read_line() {
  auto& buffer = *in_.rdbuf();
  constexpr auto kEnd = std::char_traits<char>::eof();
  text_.clear();
  too_long_ = false;
  int byte = buffer.sbumpc();
  if (byte == kEnd) return false;
  for (; byte != kEnd; byte = buffer.sbumpc()) {
    ++bytes_;
    if (byte == '\n') break;
    if (text_.size() < longest_) {
      text_ += static_cast<char>(byte);
    } else {
      too_long_ = true;
    }
  }
  if (!text_.empty() && text_.back() == '\r') text_.pop_back();
  if (number_++ == 0 && text_.starts_with("\xEF\xBB\xBF")) text_.erase(0, 3);
  return true;
}

std::string plain_text(const std::string& bytes, const std::string& file) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) throw usage_failure(file + " is written in UTF-16", "Save it as UTF-8.");
  std::string plain;
  for (std::size_t at = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < bytes.size(); ++at) {
    if (bytes[at] != '\r' || at + 1 == bytes.size() || bytes[at + 1] != '\n') plain += bytes[at];
  }
  return plain;
}

}  // namespace crossfade
