#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <string>

namespace crossfade::api {

/// Listens on HOST:PORT; HOST is an address, [an IPv6 address], localhost, or nothing for the local machine alone.
/// Throws kUsage for any other text, and kPrecondition where the address is in use.
boost::asio::ip::tcp::acceptor listen_tcp(boost::asio::io_context& io, const std::string& address);

/// Serves the Unix socket `path`, for its owner alone. Makes the directory; takes the place of a socket that nobody
/// serves any more. Throws kNotLeader where another process serves it, and names that process.
boost::asio::local::stream_protocol::acceptor listen_unix(boost::asio::io_context& io, const std::string& path);

}  // namespace crossfade::api
