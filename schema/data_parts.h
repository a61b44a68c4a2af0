// Entries, queries and results, from and to Cap'n Proto's generated readers and builders, for the
// several messages that carry them. `words` is what a value takes beside its own struct or list
// pointer. Private to schema/.
#pragma once

#include <cstddef>
#include <vector>

#include "base/entry.h"
#include "base/query.h"
#include "schema/capnp.h"
#include "schema/common.capnp.h"
#include "schema/data.capnp.h"
#include "schema/frame.h"

namespace kipu::schema {

inline constexpr std::size_t kEntryIdWords = struct_words<wire::EntryId>();
inline constexpr std::size_t kMapVersionWords = struct_words<wire::MapVersion>();
// An entry takes at least its four words of data; a list element of any other kind, its pointer.
inline constexpr std::size_t kLeastEntryBytes = 4 * kBytesPerWord;

void write(wire::EntryId::Builder to, const EntryId& from);
EntryId read(wire::EntryId::Reader from);

std::size_t words(const std::vector<Entry>& entries);
void write(capnp::List<wire::Entry>::Builder to, const std::vector<Entry>& from);
// Throws if there are more than `most`.
std::vector<Entry> read(capnp::List<wire::Entry>::Reader from, const FrameReader& frame,
                        std::size_t most);

std::size_t words(const PageQuery& query);
void write(wire::PageQuery::Builder to, const PageQuery& from);
PageQuery read(wire::PageQuery::Reader from, const FrameReader& frame);

std::size_t words(const Page& page);
void write(wire::Page::Builder to, const Page& from);
Page read(wire::Page::Reader from, const FrameReader& frame);

std::size_t words(const CountQuery& query);
void write(wire::CountQuery::Builder to, const CountQuery& from);
CountQuery read(wire::CountQuery::Reader from, const FrameReader& frame);

std::size_t words(const Count& count);
void write(wire::Count::Builder to, const Count& from);
Count read(wire::Count::Reader from, const FrameReader& frame);

std::size_t words(const KeysQuery& query);
void write(wire::KeysQuery::Builder to, const KeysQuery& from);
KeysQuery read(wire::KeysQuery::Reader from, const FrameReader& frame);

std::size_t words(const KeysPage& page);
void write(wire::KeysPage::Builder to, const KeysPage& from);
KeysPage read(wire::KeysPage::Reader from, const FrameReader& frame);

std::size_t words(const ScanQuery& query);
void write(wire::ScanQuery::Builder to, const ScanQuery& from);
ScanQuery read(wire::ScanQuery::Reader from, const FrameReader& frame);

}  // namespace kipu::schema
