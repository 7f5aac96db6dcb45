#include "monitoring/prometheus.h"

#include <fmt/format.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "monitoring/files.h"
#include "support/move.h"

namespace crossfade::test {
namespace {

using boost::asio::ip::tcp;
using google::protobuf::Struct;

std::string escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) out += std::isalnum(c) ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  return out;
}

/// The body of an answer 200, "" for any other and for none.
std::string get(int port, const std::string& path) {
  boost::asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code failed;
  socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<boost::asio::ip::port_type>(port)}, failed);
  if (failed) return "";
  // HTTP/1.0: the answer comes in one piece and ends with the connection.
  boost::asio::write(socket, boost::asio::buffer("GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n"), failed);
  std::string answer;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), failed);
  const auto head = answer.find("\r\n\r\n");
  if (head == std::string::npos || answer.find(" 200 ") > head) return "";
  return answer.substr(head + 4);
}

Struct answer_to(int port, const std::string& expression) {
  Struct answer;
  const auto body = get(port, "/api/v1/query?query=" + escaped(expression));
  (void)google::protobuf::util::JsonStringToMessage(body, &answer);
  EXPECT_TRUE(answer.fields().contains("data")) << "Prometheus cannot evaluate " << expression;
  return answer;
}

}  // namespace

int free_port() {
  boost::asio::io_context io;
  tcp::acceptor finder(io, {boost::asio::ip::address_v4::loopback(), 0});
  return finder.local_endpoint().port();
}

Prometheus::Prometheus(std::filesystem::path directory, int port, const std::string& rules) : port_(free_port()) {
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "crossfade.rules.yml") << rules;
  auto config = monitoring_file("prometheus/prometheus.yml");
  config = replaced(config, "interval: 10s", "interval: 250ms");
  config = replaced(config, "localhost:9187", fmt::format("127.0.0.1:{}", port));
  std::ofstream(directory / "prometheus.yml") << config;
  const std::vector<std::string> command = {"/usr/bin/prometheus", fmt::format("--config.file={}", (directory / "prometheus.yml").string()),
                                            fmt::format("--storage.tsdb.path={}", (directory / "storage").string()),
                                            fmt::format("--web.listen-address=127.0.0.1:{}", port_)};
  program_ = std::make_unique<Program>(command, directory / "log");
  if (!eventually([&] { return !get(port_, "/-/ready").empty(); }, kLimit)) ADD_FAILURE() << "no Prometheus:\n" << program_->output();
}

std::vector<double> Prometheus::query(const std::string& expression) const {
  const auto answer = answer_to(port_, expression);
  std::vector<double> values;
  const auto& found = answer.fields().at("data").struct_value().fields().at("result").list_value();
  for (const auto& sample : found.values()) {
    values.push_back(std::stod(sample.struct_value().fields().at("value").list_value().values(1).string_value()));
  }
  return values;
}

bool Prometheus::fires(const std::string& alert) const {
  return !query(fmt::format(R"(ALERTS{{alertname="{}",alertstate="firing"}})", alert)).empty();
}

std::vector<std::string> Prometheus::firing() const {
  const auto answer = answer_to(port_, R"(count by (alertname) (ALERTS{alertstate="firing"}))");
  std::vector<std::string> names;
  const auto& found = answer.fields().at("data").struct_value().fields().at("result").list_value();
  for (const auto& sample : found.values()) {
    names.push_back(sample.struct_value().fields().at("metric").struct_value().fields().at("alertname").string_value());
  }
  return names;
}

}  // namespace crossfade::test
