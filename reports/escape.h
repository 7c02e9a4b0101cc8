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

// For a terminal, one line of it: control characters and bytes that are not UTF-8 become \xNN.
std::string escaped_terminal(std::string_view text);
// The same of a text of several lines: line ends stay.
std::string escaped_terminal_lines(std::string_view text);

}  // namespace lockstep::reports
