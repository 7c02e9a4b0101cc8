// Texts of others inside documents of ours: nothing in them may become markup.
#pragma once

#include <string>
#include <string_view>

namespace lockstep::reports {

// For HTML and XML, between tags and in quoted attributes. Control characters that XML forbids become U+FFFD.
std::string escaped_markup(std::string_view text);
// For a cell of a Markdown table: one line, nothing that formats.
std::string escaped_markdown(std::string_view text);
// JSON text for a <script> element: no "<" is left that could end it.
std::string escaped_script(std::string_view json);

}  // namespace lockstep::reports
