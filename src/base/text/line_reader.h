#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace crossfade {

/// Lines of a stream that may be huge, broken or binary; only a line is held, never the file.
class LineReader {
 public:
  explicit LineReader(std::istream& in, std::size_t longest = kLongest) : in_(in), longest_(longest) {}

  /// The next line that is not blank, without its end; false after the last. A byte order mark before the first is left out.
  bool next();

  const std::string& text() const { return text_; }  ///< its beginning only where it is too long
  bool too_long() const { return too_long_; }
  std::uint64_t number() const { return number_; }   ///< from 1, blank lines counted
  std::uint64_t bytes() const { return bytes_; }     ///< read so far

  /// jsonb holds 256 MB at most; a quarter of it keeps a wrong file (an image, a dump) from filling our memory.
  static constexpr std::size_t kLongest = 64 << 20;

 private:
  bool read_line();

  std::istream& in_;
  std::size_t longest_;
  std::string text_;
  bool too_long_ = false;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
};

/// A text that a person wrote, without what an editor put there: a byte order mark before it, and the first half of line ends that have
/// two. Throws a usage Failure that names the file where it is written in UTF-16.
std::string plain_text(const std::string& bytes, const std::string& file);

}  // namespace crossfade
