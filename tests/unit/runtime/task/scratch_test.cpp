#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "runtime/abi/kernel_abi.h"
#include "tests/unit/stdlib/kernel_context.h"

namespace sluice {
namespace {

TEST(Scratch, ValuesOfARowStayWhileItGrows) {
  testing::KernelContext kernel;
  abi::TaskContext* task = kernel.task();
  std::vector<std::pair<char*, size_t>> values;
  for (size_t i = 0; i < 200; ++i) {
    const size_t size = i * 37 % 5000;
    char* value = abi::scratch_alloc(task, size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(value) % 8, 0u);
    std::memset(value, static_cast<int>(i), size);
    values.emplace_back(value, size);
  }
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(std::string(values[i].first, values[i].second), std::string(values[i].second, static_cast<char>(i)));
}

TEST(Scratch, TheNextRowsUseTheLargerChunk) {
  testing::KernelContext kernel;
  abi::TaskContext* task = kernel.task();
  (void)abi::scratch_alloc(task, 100'000);
  const char* chunk = task->scratch_begin;
  for (int row = 0; row < 1000; ++row) {
    task->scratch = task->scratch_begin;
    (void)abi::scratch_alloc(task, 100'000);
    ASSERT_EQ(task->scratch_begin, chunk);
  }
}

TEST(Scratch, MemoryOfHugeRowsIsGivenBack) {
  testing::KernelContext kernel;
  abi::TaskContext* task = kernel.task();
  (void)abi::scratch_alloc(task, size_t{100} << 20);
  kernel.clear();
  EXPECT_LT(task->scratch_end - task->scratch_begin, 1 << 20);
  EXPECT_EQ(task->scratch, task->scratch_begin);
}

// Kernels read short strings as whole words: ASan watches that those behind the last string are there.
TEST(Scratch, EveryValueHasReadableBytesBehindIt) {
  testing::KernelContext kernel;
  abi::TaskContext* task = kernel.task();
  for (const size_t size : {size_t{1}, static_cast<size_t>(task->scratch_end - task->scratch_begin), size_t{1} << 16}) {
    kernel.clear();
    const char* value = abi::scratch_alloc(task, size);
    char copy[abi::kStringSlack];
    std::memcpy(copy, value + size, sizeof(copy));
    EXPECT_LE(value + size, task->scratch_end);
  }
}

}  // namespace
}  // namespace sluice
