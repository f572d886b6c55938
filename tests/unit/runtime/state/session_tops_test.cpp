#include "runtime/state/session_tops.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/data/row_view.h"

namespace sluice {
namespace {

using namespace sluice::abi;
constexpr uint32_t kRowSize = 16;

int32_t compare(const char* a, const char* a_end, const char* b, const char* b_end) {
  return RowView{a, a_end}.text(8).compare(RowView{b, b_end}.text(8));
}

class Tops {
 public:
  explicit Tops(int64_t limit) : limit_(limit), tops_(kRowSize, &account_) {}

  void add(TopState*& session, const std::string& text) {
    void* top = rt_session_top(&tops_, &session);
    auto& writer = *static_cast<RowWriter*>(rt_top_reserve(nullptr, top, static_cast<int64_t>(text.size())));
    put(writer, 0, int64_t{0});
    put_text(writer, 8, text);
    rt_top_commit(nullptr, top, reinterpret_cast<void*>(&compare), nullptr, limit_);
  }
  void absorb(TopState*& session, TopState*& other) {
    rt_session_top_absorb(&tops_, &session, &other, reinterpret_cast<void*>(&compare), nullptr, limit_);
  }
  // The rows of a session that is complete.
  std::vector<std::string> take(TopState*& session) {
    void* top = rt_session_top(&tops_, &session);
    std::vector<std::string> texts;
    const int64_t count = rt_top_finish(nullptr, top, reinterpret_cast<void*>(&compare));
    for (int64_t i = 0; i < count; ++i) {
      char* end = nullptr;
      void* row = rt_top_row(top, i, &end);
      texts.emplace_back(RowView{static_cast<char*>(row), end}.text(8));
    }
    rt_session_top_release(&tops_, &session);
    return texts;
  }
  [[nodiscard]] uint64_t bytes() const { return account_; }

 private:
  int64_t limit_;
  uint64_t account_ = 0;
  SessionTops tops_;
};

using Texts = std::vector<std::string>;

TEST(SessionTops, EachSessionHasItsOwn) {
  Tops tops(2);
  TopState* a = nullptr;
  TopState* b = nullptr;
  for (const char* text : {"3", "1", "2"}) tops.add(a, text);
  tops.add(b, "4");
  EXPECT_EQ(tops.take(a), Texts({"1", "2"}));
  EXPECT_EQ(a, nullptr);
  tops.add(a, "5");
  EXPECT_EQ(tops.take(b), Texts({"4"}));
  EXPECT_EQ(tops.take(a), Texts({"5"}));
  EXPECT_EQ(tops.bytes(), 0u);
}

TEST(SessionTops, SessionsBecomeOne) {
  for (const int64_t limit : {1, 2, 5}) {
    Tops tops(limit);
    TopState* a = nullptr;
    TopState* b = nullptr;
    TopState* empty = nullptr;
    for (const char* text : {"d", "a", "f"}) tops.add(a, text);
    for (const char* text : {"b", "e", "c"}) tops.add(b, text);
    tops.absorb(a, b);
    tops.absorb(a, empty);
    EXPECT_EQ(b, nullptr);
    const Texts all{"a", "b", "c", "d", "e"};
    EXPECT_EQ(tops.take(a), Texts(all.begin(), all.begin() + limit));
    tops.add(b, "g");
    tops.absorb(a, b);  // the first of a new session
    EXPECT_EQ(tops.take(a), Texts({"g"}));
  }
}

}  // namespace
}  // namespace sluice
