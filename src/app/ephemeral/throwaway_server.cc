#include "app/ephemeral/throwaway_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "app/ephemeral/server_programs.h"
#include "base/error/failure.h"

namespace crossfade {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
namespace {

constexpr auto kPoll = 10ms;
constexpr auto kStartLimit = 60s;    // a cluster without fsync is up in well under a second; recovery takes longer
constexpr auto kStopLimit = 60s;

struct Account {
  uid_t user;
  gid_t group;
};

/// Whom the server runs as where we are root; nothing where we are not.
std::optional<Account> unprivileged_account() {
  if (geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* entry = getpwnam(name)) return Account{entry->pw_uid, entry->pw_gid};
  }
  throw precondition_failure("PostgreSQL refuses to run as root, and there is no user postgres or nobody",
                             "run as an ordinary user, or create one of the two");
}

Failure system_failure(std::string_view doing) {
  return precondition_failure(fmt::format("{}: {}", doing, std::strerror(errno)),
                              "look at permissions and free space of the temporary directory");
}

/// A port that nobody listened on a moment ago.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = bind(socket, generic, size) == 0 && getsockname(socket, generic, &size) == 0;
  close(socket);
  if (!found) throw system_failure("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

/// What the child does between fork and exec. Only calls that are safe after a fork of a process with threads.
[[noreturn]] void become(char* const* argv, const std::optional<Account>& account, int log, pid_t parent) {
  setsid();  // Ctrl-C is for us; we stop the server in our own order
  if (account && (setgroups(0, nullptr) != 0 || setgid(account->group) != 0 || setuid(account->user) != 0)) _exit(126);
  // After setuid, which clears it. A parent that died before this line would never be noticed, hence the second look.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

ThrowawayServer::ThrowawayServer(Options options) : binaries_(server_programs()) {
  if (options.tcp) port_ = free_port();
  initialise(options);
  start();
}

ThrowawayServer::~ThrowawayServer() {
  try {
    stop(Stop::kImmediate);  // nobody will want the data
  } catch (const std::exception&) {
    // The signal could not be sent: the server is gone already.
  }
}

void ThrowawayServer::initialise(const Options& options) {
  if (const auto account = unprivileged_account()) {
    if (chown(directory_.path.c_str(), account->user, account->group) != 0) throw system_failure("chown");
  }
  std::vector<std::string> make = {binaries_ / "initdb", "--pgdata", data(), "--username", "postgres", "--auth", "trust",
                                   "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"};
  if (!options.standby_of.empty()) {
    make = {binaries_ / "pg_basebackup", "--pgdata", data(), "--dbname", options.standby_of, "--checkpoint", "fast", "--write-recovery-conf", "--no-sync"};
  }
  if (!options.copy_of.empty()) make = {"/bin/cp", "-a", options.copy_of, data()};
  const pid_t maker = spawn(make);
  int status = 0;
  while (waitpid(maker, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) throw precondition_failure(make.front() + " failed:\n" + log_tail(), "read its message above");

  const std::string durable = options.durable ? "on" : "off";
  std::vector<Setting> settings = {
      {"listen_addresses", options.tcp ? "127.0.0.1" : ""},
      {"unix_socket_directories", directory_.path},
      {"port", std::to_string(port_)},
      {"wal_level", "logical"},
      {"max_replication_slots", "10"},
      {"max_wal_senders", "10"},
      {"max_prepared_transactions", "5"},
      {"fsync", durable},
      {"full_page_writes", durable},
  };
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  for (const auto& [setting, value] : settings) set(setting, value);
}

pid_t ThrowawayServer::spawn(const std::vector<std::string>& command) const {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const auto account = unprivileged_account();
  const int log_file = open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_file < 0) throw system_failure("cannot write the server's log");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(argv.data(), account, log_file, parent);
  close(log_file);
  if (child < 0) throw system_failure("fork");
  return child;
}

void ThrowawayServer::start() {
  if (running()) return;
  // Directly and not through pg_ctl: the server must be our own child to be stopped when we are killed.
  postmaster_ = spawn({binaries_ / "postgres", "-D", data()});
  const std::string address = conninfo() + " connect_timeout=5";
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (PQping(address.c_str()) != PQPING_OK) {
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (late) stop(Stop::kImmediate);
    if (late || ended_within(kPoll)) {
      throw precondition_failure("the server did not start:\n" + log_tail(), "read its log above");
    }
  }
}

void ThrowawayServer::stop(Stop mode) {
  if (!running()) return;
  const int signal = mode == Stop::kSmart ? SIGTERM : mode == Stop::kFast ? SIGINT : SIGQUIT;
  kill(postmaster_, signal);
  if (ended_within(kStopLimit)) return;
  kill(postmaster_, SIGQUIT);
  if (ended_within(kStopLimit)) return;
  throw precondition_failure("the server does not stop:\n" + log_tail(), "read its log above");
}

/// Waits for the postmaster's end and forgets it then.
bool ThrowawayServer::ended_within(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (waitpid(postmaster_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
  postmaster_ = 0;
  return true;
}

void ThrowawayServer::restart(Stop mode) {
  stop(mode);
  start();
}

void ThrowawayServer::set(std::string_view setting, std::string_view value) {
  std::string quoted;
  for (const char c : value) quoted.append(c == '\'' ? 2 : 1, c);
  std::ofstream file(data() / "postgresql.conf", std::ios::app);
  file << fmt::format("{} = '{}'\n", setting, quoted);
  file.close();
  if (!file) throw system_failure("cannot write postgresql.conf");
}

void ThrowawayServer::reload() {
  if (running()) kill(postmaster_, SIGHUP);
}

std::string ThrowawayServer::conninfo(std::string_view dbname) const {
  return fmt::format("host={} port={} user=postgres dbname={}", directory().string(), port_, dbname);
}

std::string ThrowawayServer::log_tail(std::size_t lines) const {
  std::ifstream file(log());
  std::deque<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(std::move(line));
    if (last.size() > lines) last.pop_front();
  }
  return fmt::format("{}", fmt::join(last, "\n"));
}

}  // namespace crossfade
