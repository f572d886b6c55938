#include "runtime/state/entry_codec.h"

#include <algorithm>
#include <cstring>

#include "runtime/abi/kernel_abi.h"

namespace sluice {

namespace {

constexpr uint32_t kHashBytes = 8;
constexpr uint32_t kPresenceBytes = 8;

uint64_t word_at(const char* address) {
  uint64_t word;
  std::memcpy(&word, address, sizeof word);
  return word;
}

const char* address_at(const char* place) {
  const char* address;
  std::memcpy(&address, place, sizeof address);
  return address;
}

void put_address(char* place, const char* address) { std::memcpy(place, &address, sizeof address); }

bool leads_elsewhere(const Type& type) {
  if (type.kind == TypeKind::String || type.kind == TypeKind::List) return true;
  return type.kind == TypeKind::Record &&
         std::ranges::any_of(type.fields, [](const Field& field) { return leads_elsewhere(field.type); });
}

void append(std::string& out, const char* bytes, uint64_t size) {
  if (size != 0) out.append(bytes, size);
}

}  // namespace

EntryCodec::EntryCodec(const std::vector<Type>& keys, const std::vector<Type>& states)
    : layout_(entry_layout(keys, states)) {
  const uint32_t first_state = layout_.states.empty() ? layout_.size : layout_.states.front();
  keys_ = {kHashBytes, first_state - kHashBytes, {}};
  states_ = {first_state, layout_.size - first_state, {}};
  for (size_t i = 0; i < keys.size(); ++i)
    add_parts(keys[i], layout_.keys[i] - keys_.begin, PartKind::KeyText, keys_.parts);
  for (size_t i = 0; i < states.size(); ++i)
    add_parts(states[i], layout_.states[i] - states_.begin, PartKind::StateText, states_.parts);
}

// `text`: how a text that is no part of another value is kept.
void EntryCodec::add_parts(const Type& type, uint32_t offset, PartKind text, Parts& parts) {
  if (!leads_elsewhere(type)) return;
  size_t presence = parts.size();
  if (type.nullable) {
    uint32_t size = abi::memory_size_of(type) - kPresenceBytes;
    if (type.kind == TypeKind::String && text != PartKind::Text) size += sizeof(uint64_t);
    parts.push_back({PartKind::Presence, offset, size, 0, {}});
    offset += kPresenceBytes;
  }
  if (type.kind == TypeKind::String) {
    parts.push_back({text, offset, 0, 0, {}});
  } else if (type.kind == TypeKind::List) {
    Part list{PartKind::List, offset, abi::memory_size_of(type.element()), 0, {}};
    add_parts(type.element(), 0, PartKind::Text, list.element);
    parts.push_back(std::move(list));
  } else {
    for (const auto& field : type.fields) {
      add_parts(field.type, offset, PartKind::Text, parts);
      offset += abi::memory_size_of(field.type);
    }
  }
  if (type.nullable) parts[presence].parts = parts.size() - presence - 1;
}

void EntryCodec::save_keys(const char* entry, std::string& out) const { save(keys_, entry, out); }
void EntryCodec::save_states(const char* entry, std::string& out) const { save(states_, entry, out); }

void EntryCodec::save(const Section& section, const char* entry, std::string& out) {
  const size_t copy = out.size();
  out.append(entry + section.begin, section.size);
  if (!section.parts.empty()) save_parts(section.parts, entry + section.begin, copy, out);
}

// `copy`: where the value itself has been written.
void EntryCodec::save_parts(const Parts& parts, const char* value, size_t copy, std::string& out) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const char* place = value + part.offset;
    char* copied = out.data() + copy + part.offset;
    switch (part.kind) {
      case PartKind::Presence:
        if (word_at(place) != 0) break;
        std::memset(copied + kPresenceBytes, 0, part.size);
        i += part.parts;
        break;
      case PartKind::KeyText:
        if (word_at(place) <= kShortTextBytes) break;
        put_address(copied + 16, nullptr);
        append(out, address_at(place + 16), word_at(place));
        break;
      case PartKind::StateText:
        std::memset(copied + 16, 0, sizeof(uint64_t));
        [[fallthrough]];
      case PartKind::Text:
        put_address(copied, nullptr);
        append(out, address_at(place), word_at(place + 8));
        break;
      case PartKind::List: {
        const char* elements = address_at(place);
        const uint64_t count = word_at(place + 8);
        put_address(copied, nullptr);
        const size_t elements_copy = out.size();
        append(out, elements, count * part.size);
        if (part.element.empty()) break;
        for (uint64_t e = 0; e < count; ++e)
          save_parts(part.element, elements + e * part.size, elements_copy + e * part.size, out);
        break;
      }
    }
  }
}

bool EntryCodec::load_keys(ByteReader& in, GroupTable& table, char* entry) const {
  return load(keys_, in, table, entry);
}
bool EntryCodec::load_states(ByteReader& in, GroupTable& table, char* entry) const {
  return load(states_, in, table, entry);
}

bool EntryCodec::load(const Section& section, ByteReader& in, GroupTable& table, char* entry) {
  const std::string_view bytes = in.raw(section.size);
  if (!in.is_well()) return false;
  if (!bytes.empty()) std::memcpy(entry + section.begin, bytes.data(), bytes.size());
  return load_parts(section.parts, in, table, entry + section.begin);
}

bool EntryCodec::load_parts(const Parts& parts, ByteReader& in, GroupTable& table, char* value) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    char* place = value + part.offset;
    switch (part.kind) {
      case PartKind::Presence:
        if (word_at(place) != 0) break;
        std::memset(place + kPresenceBytes, 0, part.size);
        i += part.parts;
        break;
      case PartKind::KeyText: {
        if (word_at(place) <= kShortTextBytes) break;
        const std::string_view text = in.raw(word_at(place));
        if (!in.is_well()) return false;
        put_address(place + 16, table.copy(text));
        break;
      }
      case PartKind::StateText: {
        const std::string_view text = in.raw(word_at(place + 8));
        if (!in.is_well()) return false;
        GroupTable::StringField field{nullptr, 0, 0};
        table.set_string(field, text);
        std::memcpy(place, &field, sizeof field);
        break;
      }
      case PartKind::Text: {
        const std::string_view text = in.raw(word_at(place + 8));
        if (!in.is_well()) return false;
        put_address(place, table.copy(text));
        break;
      }
      case PartKind::List:
        if (!load_list(part, in, table, place)) return false;
        break;
    }
  }
  return true;
}

bool EntryCodec::load_list(const Part& list, ByteReader& in, GroupTable& table, char* value) {
  const uint64_t count = word_at(value + 8);
  if (count > in.left() / list.size) return false;
  char* elements = table.copy(in.raw(count * list.size));
  put_address(value, elements);
  if (list.element.empty()) return true;
  for (uint64_t e = 0; e < count; ++e)
    if (!load_parts(list.element, in, table, elements + e * list.size)) return false;
  return true;
}

}  // namespace sluice
