#include "runtime/abi/fingerprint.h"

#include <gtest/gtest.h>

#include "runtime/abi/kernel_abi.h"

namespace sluice::abi {
namespace {

TEST(Fingerprint, DescribesFunctionsAndStructs) {
  const std::string text = abi_description();
  EXPECT_NE(text.find("Ptr rt_table_insert("), std::string::npos) << text;
  EXPECT_NE(text.find("BlockHeader: 64 bytes"), std::string::npos);
  EXPECT_NE(text.find("  slot_count at 32, 8 bytes"), std::string::npos);
  EXPECT_EQ(abi_fingerprint(), abi_fingerprint());
  EXPECT_NE(abi_fingerprint(), 0u);
}

TEST(MemoryLayout, SizesOfTypes) {
  const Type text(TypeKind::String);
  EXPECT_EQ(memory_size_of(Type(TypeKind::Int)), 8u);
  EXPECT_EQ(memory_size_of(Type(TypeKind::Float, true)), 16u);
  EXPECT_EQ(memory_size_of(Type(TypeKind::Bool)), 1u);
  EXPECT_EQ(memory_size_of(Type(TypeKind::Bool, true)), 16u);
  EXPECT_EQ(memory_size_of(text), 16u);
  EXPECT_EQ(memory_size_of(Type::list_of(text).as_nullable()), 24u);
  EXPECT_EQ(memory_size_of(Type::record_of({{"a", text}, {"b", Type(TypeKind::Bool)}})), 24u);
}

}  // namespace
}  // namespace sluice::abi
