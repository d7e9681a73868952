// Turns the addresses of a stack, as a dying worker wrote them, into functions and lines.
//
// Uses `addr2line` where there is one; without it the addresses stay, which a person can still look
// up. Only for reports: it starts a process.
#pragma once

#include <string>
#include <string_view>

namespace thresher::cli {

/// `text` with each line `FILE(+0xOFFSET) [0xADDRESS]` replaced by what it stands for, and without
/// the worker's own handler at the top.
std::string with_names(std::string_view text);

}  // namespace thresher::cli
