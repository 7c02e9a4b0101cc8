// The files of this folder that become parts of a page.
#pragma once

#include <string_view>

namespace lockstep::page {

std::string_view page_html();
std::string_view index_html();
std::string_view style_css();
// In this order they are the page's program.
std::string_view basics_js();
std::string_view model_js();
std::string_view view_js();
std::string_view filter_js();
std::string_view hand_js();
std::string_view timeline_js();
std::string_view tools_js();
std::string_view charts_js();
std::string_view registers_js();
std::string_view panels_js();

}  // namespace lockstep::page
