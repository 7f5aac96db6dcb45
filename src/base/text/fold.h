#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace crossfade {

/// Of a terminal: neither the rest of a character nor a colour takes one.
std::size_t columns_of(const std::string& text);

/// Words in lines of `width` columns at most, each but the first after `indent` spaces. A word that is longer has a line for itself.
std::string folded(const std::string& text, std::size_t width, std::size_t indent);

/// A line that begins with `lead`, or as many as it takes on a terminal of `width` columns, the others after `indent` spaces: no fewer than
/// `lead` is wide. Where the terminal is too narrow for anything, or there is none (0), it is one line.
std::string in_lines(const std::string& lead, const std::string& text, std::size_t width, std::size_t indent);

/// Every run of spaces and line ends as one space, as for a select that was written over several lines; none at the beginning.
std::string in_one_line(std::string_view text);

}  // namespace crossfade
