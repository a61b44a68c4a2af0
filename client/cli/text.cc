#include "client/cli/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include <fmt/format.h>

namespace kipu::cli {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

// The length of the well-formed UTF-8 sequence at the start of `bytes`, or 0. REQUIRES: not empty.
std::size_t sequence_length(std::string_view bytes) {
  const std::uint8_t lead = byte_at(bytes, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes.size() < length) return 0;
  // The second byte's range excludes overlong forms, surrogates, and what lies past U+10FFFF.
  const std::uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(bytes, 1) < least || byte_at(bytes, 1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(bytes, i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

bool is_control(std::string_view sequence) {
  const std::uint8_t lead = byte_at(sequence, 0);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  // C1 control characters, which terminals obey.
  return lead == 0xC2 && byte_at(sequence, 1) < 0xA0;
}

std::size_t edits(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// Up to the first space outside backquotes.
std::size_t unbroken_length(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '`') quoted = !quoted;
    if (text[at] == ' ' && !quoted) return at;
  }
  return text.size();
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void append_printable(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    const std::string_view sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(sequence)) {
      for (std::size_t i = 0; i < sequence.size(); ++i) {
        fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte_at(sequence, i));
      }
    } else {
      if (sequence == "\\") out += '\\';
      out += sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
}

std::string printable(std::string_view bytes) {
  std::string out;
  append_printable(out, bytes);
  return out;
}

std::string in_quotes(std::string_view bytes) {
  constexpr std::size_t kMost = 60;
  if (bytes.size() <= kMost) return fmt::format("'{}'", printable(bytes));
  std::size_t cut = kMost;
  while (cut > kMost - 3 && (byte_at(bytes, cut) & 0xC0U) == 0x80) --cut;
  return fmt::format("'{}…' ({} bytes)", printable(bytes.substr(0, cut)), bytes.size());
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80; }));
}

std::string in_lines(std::string_view text, std::string_view lead, std::size_t width) {
  std::string out(lead);
  const std::size_t indent = columns(lead);
  std::size_t used = indent;
  while (!text.empty()) {
    const std::size_t end = unbroken_length(text);
    const std::string_view piece = text.substr(0, end);
    if (used > indent && used + 1 + columns(piece) > width) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
    } else if (used > indent) {
      out += ' ';
      ++used;
    }
    out += piece;
    used += columns(piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + '\n';
}

void append_base64(std::string& out, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = std::min<std::size_t>(bytes.size() - at, 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < left ? byte_at(bytes, at + i) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= left ? kBase64[(group >> (18 - 6 * i)) & 63U] : '=';
    }
  }
}

std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const std::size_t padding = !last ? 0 : text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t digit = i < 4 - padding ? kBase64.find(text[at + i]) : 0;
      if (digit == std::string_view::npos) return std::nullopt;
      group = (group << 6U) | static_cast<std::uint32_t>(digit);
    }
    if ((group & ((1U << (8 * padding)) - 1)) != 0) return std::nullopt;  // bits of no byte
    for (std::size_t i = 0; i < 3 - padding; ++i) {
      bytes += static_cast<char>((group >> (16 - 8 * i)) & 255U);
    }
  }
  return bytes;
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(word.size() / 2, 2) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edits(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace kipu::cli
