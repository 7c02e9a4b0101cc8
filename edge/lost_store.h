// What is said where the store that an edge had is not there any more, or cannot be read.
#pragma once

#include <string_view>

namespace lockstep::edge {

inline constexpr std::string_view kAdviceOnLostStore =
    "it would not know which instructions it has carried out, nor what the hub does not have yet. Put it "
    "back; if it is lost, start the edge once with --anew";

inline constexpr std::string_view kAdviceOnDamagedStore =
    "what it holds cannot be told any more. Put back a whole one, or move its directory away and start the edge once "
    "with --anew";

}  // namespace lockstep::edge
