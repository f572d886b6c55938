#include "runtime/task/scratch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(Scratch, ValuesOfARowStayWhileItGrows) {
  abi::TaskContext context{};
  Scratch scratch(context);
  std::vector<std::pair<char*, size_t>> values;
  for (size_t i = 0; i < 200; ++i) {
    const size_t size = i * 37 % 5000;
    char* value = scratch.allocate(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(value) % 8, 0u);
    std::memset(value, static_cast<int>(i), size);
    values.emplace_back(value, size);
  }
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::string(values[i].first, values[i].second), std::string(values[i].second, static_cast<char>(i)));
}

TEST(Scratch, TheNextRowsUseTheLargerChunk) {
  abi::TaskContext context{};
  Scratch scratch(context);
  (void)scratch.allocate(100'000);
  const char* chunk = context.scratch_begin;
  for (int row = 0; row < 1000; ++row) {
    context.scratch = context.scratch_begin;
    (void)scratch.allocate(100'000);
    ASSERT_EQ(context.scratch_begin, chunk);
  }
}

TEST(Scratch, MemoryOfHugeRowsIsGivenBack) {
  abi::TaskContext context{};
  Scratch scratch(context);
  (void)scratch.allocate(size_t{100} << 20);
  scratch.end_unit();
  EXPECT_LT(context.scratch_end - context.scratch_begin, 1 << 20);
  EXPECT_EQ(context.scratch, context.scratch_begin);
}

}  // namespace
}  // namespace sluice
