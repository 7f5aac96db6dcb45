#include "app/ephemeral/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace crossfade {
namespace {

/// As execve wants them, valid as long as `texts`.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// `ours` first: of a name that stands twice, getenv finds the first.
std::vector<std::string> merged(const Environment& ours) {
  std::vector<std::string> all;
  for (const auto& [name, value] : ours) all.push_back(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

}  // namespace

Program::Program(const std::vector<std::string>& argv, std::filesystem::path output, const Environment& environment)
    : output_(std::move(output)) {
  const auto words = pointers(argv);
  const auto merged_environment = merged(environment);
  const auto surroundings = pointers(merged_environment);
  const int file = open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot write " + output_.string());
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execve(words[0], words.data(), surroundings.data());
    _exit(127);
  }
  close(file);
  if (pid_ < 0) throw std::runtime_error("fork failed");
}

Program::~Program() {
  if (!running()) return;
  signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Program::signal(int number) const {
  if (!exit_) kill(pid_, number);
}

std::optional<int> Program::exit_within(std::chrono::milliseconds limit) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  for (;;) {
    int status = 0;
    if (!exit_ && waitpid(pid_, &status, WNOHANG) == pid_) exit_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (exit_ || std::chrono::steady_clock::now() >= give_up) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return exit_;
}

std::string Program::output() const {
  std::ifstream file(output_);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace crossfade
