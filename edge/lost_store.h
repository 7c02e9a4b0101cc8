// What is said where the store that an edge had is not there any more.
#pragma once

#include <string_view>

namespace lockstep::edge {

inline constexpr std::string_view kAdviceOnLostStore =
    "it would not know which instructions it has carried out, nor what the hub does not have yet. Put it "
    "back; if it is lost, start the edge once with --anew";

}  // namespace lockstep::edge
