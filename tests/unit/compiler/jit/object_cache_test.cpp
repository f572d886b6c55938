#include "compiler/jit/object_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/unit/stdlib/connectors/temporary_directory.h"

namespace sluice {
namespace {

TEST(ObjectCache, TrimRemovesWhatWasNotUsedForLongest) {
  const testing::TemporaryDirectory directory;
  const ObjectCache cache(directory.path(""));
  const std::string object(1000, 'x');
  directory.write("other.o", object);
  const auto now = std::filesystem::file_time_type::clock::now();
  for (int i = 0; i < 10; ++i) {
    const std::string key = ObjectCache::key_of(std::to_string(i));
    cache.put(key, llvm::MemoryBufferRef(object, key));
    std::filesystem::last_write_time(directory.path(key + ".o"), now - std::chrono::hours(10 - i));
  }
  cache.trim(20'000);
  EXPECT_NE(cache.find(ObjectCache::key_of("0")), nullptr);  // there is room, and now it was used last
  cache.trim(5'000);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(cache.find(ObjectCache::key_of(std::to_string(i))) != nullptr, i == 0 || i >= 8) << i;
  EXPECT_EQ(directory.read("other.o"), object);
  ObjectCache("/no/such/directory").trim(0);
}

}  // namespace
}  // namespace sluice
