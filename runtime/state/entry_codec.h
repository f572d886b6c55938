// EntryCodec: the keys and states of a table's entries as bytes that lead nowhere, and back. What is written is the
// entry's memory with zeros for addresses, and behind it what these led to, in their order. Used by snapshots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lang/types/type.h"
#include "runtime/checkpoint/bytes.h"
#include "runtime/state/entry_layout.h"
#include "runtime/state/group_table.h"

namespace sluice {

class EntryCodec {
 public:
  EntryCodec(const std::vector<Type>& keys, const std::vector<Type>& states);

  [[nodiscard]] uint32_t entry_size() const { return layout_.size; }
  [[nodiscard]] const EntryLayout& layout() const { return layout_; }

  void save_keys(const char* entry, std::string& out) const;
  void save_states(const char* entry, std::string& out) const;
  // Into an entry of `table`; false: that is not what was saved from such an entry, and it must not be used.
  [[nodiscard]] bool load_keys(ByteReader& in, GroupTable& table, char* entry) const;
  [[nodiscard]] bool load_states(ByteReader& in, GroupTable& table, char* entry) const;

 private:
  enum class PartKind : uint8_t {
    Presence,   // the parts that follow count only where the word is not zero
    KeyText,    // [size][low][high]
    StateText,  // {data, size, capacity}
    Text,       // {data, size}
    List,       // {data, count}
  };
  struct Part {  // of a value, that leads elsewhere
    PartKind kind;
    uint32_t offset;
    uint32_t size = 0;  // Presence: of the value behind it; List: of an element
    size_t parts = 0;   // Presence: that belong to the value
    std::vector<Part> element;
  };
  using Parts = std::vector<Part>;
  struct Section {  // of an entry
    uint32_t begin = 0;
    uint32_t size = 0;
    Parts parts;  // their offsets count from `begin`
  };

  static void add_parts(const Type& type, uint32_t offset, PartKind text, Parts& parts);
  static void save(const Section& section, const char* entry, std::string& out);
  static void save_parts(const Parts& parts, const char* value, size_t copy, std::string& out);
  static bool load(const Section& section, ByteReader& in, GroupTable& table, char* entry);
  static bool load_parts(const Parts& parts, ByteReader& in, GroupTable& table, char* value);
  static bool load_list(const Part& list, ByteReader& in, GroupTable& table, char* value);

  EntryLayout layout_;
  Section keys_;
  Section states_;
};

}  // namespace sluice
