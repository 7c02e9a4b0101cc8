// Text that is certainly UTF-8, for protocols that carry nothing else.
#pragma once

#include <string>

#include "base/bytes.h"

namespace lockstep {

// Of the character that begins at `at`, in bytes; 0: none does.
std::size_t utf8_length(BytesView bytes, std::size_t at);

// As many bytes of valid UTF-8 as there are at the beginning (RFC 3629: shortest form, no surrogates).
std::size_t valid_utf8_prefix(BytesView bytes);

// What is not UTF-8 becomes U+FFFD. Messages may quote what a database holds.
std::string as_utf8(BytesView bytes);

}  // namespace lockstep
