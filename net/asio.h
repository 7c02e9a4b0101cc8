// Boost.Asio as this code uses it: names are short, and Boost 1.74 finds <utility>, which it needs and does not include.
#pragma once

// clang-format off
#include <utility>
#include <boost/asio.hpp>
// clang-format on

namespace lockstep::net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using IoError = boost::system::error_code;

}  // namespace lockstep::net
