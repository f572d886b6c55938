#include "runtime/net/handshake.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const Credentials kOurs{"sluice 1.0", 42, "secret"};

TEST(Handshake, OneOfUs) {
  wire::Hello hello = make_hello(kOurs);
  hello.set_worker(7);
  const auto read = read_hello(*hello_frame(hello), kOurs);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->worker(), 7u);
}

TEST(Handshake, StrangersAndOtherBuilds) {
  for (const char* token : {"", "secre", "secret ", "Secret"}) {
    const auto read = read_hello(*hello_frame(make_hello({"sluice 1.0", 42, token})), kOurs);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().message.find("secret"), std::string::npos);
    EXPECT_NE(read.error().message.find("--token-file"), std::string::npos);
  }
  const auto build = read_hello(*hello_frame(make_hello({"sluice 0.9", 41, "secret"})), kOurs);
  EXPECT_EQ(build.error().message,
            "sluice 1.0 here and sluice 0.9 there are different builds: run the same one everywhere");
  EXPECT_FALSE(read_hello(make_frame(FrameKind::Hello, "\xff\xff\xff"), kOurs).has_value());
  EXPECT_FALSE(read_hello(make_frame(FrameKind::Control, make_hello(kOurs).SerializeAsString()), kOurs).has_value());
}

TEST(Handshake, ARefusalSaysWhy) {
  wire::Hello hello = make_hello(kOurs);
  hello.set_refusal("no room");
  EXPECT_EQ(read_reply(*hello_frame(hello), kOurs).error().message, "the peer refused the connection: no room");
  hello.set_refusal("\x1b[2J\nworker 1 joined");
  EXPECT_EQ(read_reply(*hello_frame(hello), kOurs).error().message,
            "the peer refused the connection: \\x1b[2J\\nworker 1 joined");
  EXPECT_EQ(read_reply(*hello_frame(make_hello(kOurs)), kOurs)->abi(), 42u);
  EXPECT_FALSE(read_reply(*hello_frame(make_hello({"sluice 1.0", 42, "other"})), kOurs).has_value());
}

TEST(Handshake, OfACallerNothingIsRepeated) {
  wire::Hello hello = make_hello({"sluice 1.0", 42, "other"});
  hello.set_refusal("a line for your log");
  EXPECT_TRUE(read_hello(*hello_frame(hello), kOurs).error().message.starts_with("the token is not"));
  hello.set_token("secret");
  EXPECT_TRUE(read_hello(*hello_frame(hello), kOurs).has_value());
}

}  // namespace
}  // namespace sluice
