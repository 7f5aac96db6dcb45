#include "support/terminal.h"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "support/move.h"

namespace crossfade::test {

Terminal::Terminal(const std::vector<std::string>& argv, const Environment& environment) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = forkpty(&screen_, nullptr, nullptr, nullptr);
  if (pid_ < 0) throw std::runtime_error("no pseudo terminal");
  if (pid_ > 0) return;
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  execv(words[0], words.data());
  _exit(127);
}

Terminal::~Terminal() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(screen_);
}

bool Terminal::read_on() {
  pollfd readable{screen_, POLLIN, 0};
  const auto patience = static_cast<int>(std::chrono::milliseconds(kLimit).count());
  std::array<char, 4096> buffer{};
  if (poll(&readable, 1, patience) != 1) return false;
  // At the program's end this fails: nobody has the other side of the terminal any more.
  const auto count = read(screen_, buffer.data(), buffer.size());
  if (count <= 0) return false;
  text_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool Terminal::shows(const std::string& text) {
  while (text_.find(text) == std::string::npos) {
    if (!read_on()) return false;
  }
  return true;
}

std::string Terminal::to_end() {
  while (read_on()) {
  }
  return text_;
}

}  // namespace crossfade::test
