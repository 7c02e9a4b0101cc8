# Writes the C++ source OUT in which NAMESPACE::SYMBOL() returns the bytes of the file IN.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REPEAT "0x..," 20 row)
string(REGEX REPLACE "(${row})" "\\1\n" bytes "${bytes}")
get_filename_component(name ${IN} NAME)
file(WRITE ${OUT} "// The bytes of ${name}, written by cmake/embed.cmake.
#include <string_view>

namespace ${NAMESPACE} {

std::string_view ${SYMBOL}() {
  static constexpr unsigned char kBytes[] = {
${bytes}
  };
  return std::string_view(reinterpret_cast<const char*>(kBytes), sizeof kBytes);
}

}  // namespace ${NAMESPACE}
")
