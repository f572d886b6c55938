// How generated code calls a kernel of stdlib/functions.def: its C signature follows from its Flow types.
//
//   first argument     TaskContext*
//   second argument    pointer to the result, when the result is a string, a list, or nullable
//   then per argument  bool: uint8_t; int, date, timestamp, duration: int64_t; float: double;
//                      string: const char*, uint64_t; list: const void*, uint64_t
//   returns            int64_t, double or uint8_t (bool); void for a string or list;
//                      uint8_t "is present" for a nullable result, whose value goes to the pointer
//
// Memory layout of list elements: int, date, timestamp, duration, float 8 bytes; bool 1 byte; string StringRef, list
// ListRef, decimal its unscaled number (lang/support/decimal.h), 16 bytes; record: fields one after the other;
// nullable: 8 bytes (1 = present) in front of the value. Result bytes live in the scratch arena (scratch_alloc) or
// inside the arguments; both live until the row is done. Kernels are noexcept and thread-safe; one that can fail calls
// raise_text and returns anything. Generated code tests context->failed behind such a call and then calls rt_raise with
// the call's error site (code R0104), which adds where in program and record it happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/types/type.h"
#include "runtime/abi/layout.h"

namespace sluice::abi {

// `size` bytes from the scratch arena, 8-byte aligned; grows it when needed, never fails short of std::bad_alloc.
// Inline because kernels call it for every row.
[[nodiscard]] char* scratch_grow(TaskContext* context, size_t size) noexcept;
[[nodiscard]] inline char* scratch_alloc(TaskContext* context, size_t size) noexcept {
  char* begin = context->scratch + (-reinterpret_cast<uintptr_t>(context->scratch) & 7);
  if (context->scratch_end - begin < static_cast<ptrdiff_t>(size)) return scratch_grow(context, size);
  context->scratch = begin + size;
  return begin;
}

// A kernel cannot compute its result: keeps `message` (one sentence without a stop) for rt_raise, sets context->failed.
void raise_text(TaskContext* context, std::string_view message) noexcept;
// The message of the last raise_text on this thread, which is forgotten; empty when there was none.
[[nodiscard]] std::string take_raised_text() noexcept;

// Size in memory layout, as an element of a list or a field of a hash table entry; a multiple of 8 except for bool.
[[nodiscard]] uint32_t memory_size_of(const Type& type);
// The same as one of several fields: up to the next multiple of 8.
[[nodiscard]] uint32_t field_size_of(const Type& type);

}  // namespace sluice::abi
