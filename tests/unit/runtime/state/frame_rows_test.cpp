#include "runtime/state/frame_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "runtime/abi/runtime_functions.h"
#include "runtime/data/row_view.h"

namespace sluice {
namespace {

using namespace sluice::abi;
constexpr uint32_t kRowSize = 16;
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

int32_t compare(const char* a, const char* a_end, const char* b, const char* b_end) {
  const RowView x{a, a_end};
  const RowView y{b, b_end};
  const auto difference = x.get<int64_t>(0) - y.get<int64_t>(0);
  return difference != 0 ? (difference < 0 ? -1 : 1) : x.text(8).compare(y.text(8));
}

class Frames {
 public:
  explicit Frames(bool is_timed, int64_t lag = 0) : frames_(kRowSize, lag, is_timed, &account_) {}

  void hold(int64_t time, const std::string& text) {
    auto& writer = *static_cast<RowWriter*>(rt_frame_reserve(&frames_, static_cast<int64_t>(text.size())));
    put(writer, 0, time);
    put_text(writer, 8, text);
    rt_frame_hold(&frames_, time);
  }
  // The texts of the rows that are due, each of which enters the rows of the one key when `kept` is not 0.
  std::vector<std::string> due(int64_t watermark, int64_t kept = 0, bool in_frame = false) {
    TaskContext context{};
    context.watermark = watermark;
    std::vector<std::string> texts;
    char* end = nullptr;
    while (void* row = rt_frame_next(&context, &frames_, reinterpret_cast<void*>(&compare), &end)) {
      texts.push_back(text_of(row, end));
      if (kept != 0) rt_frame_enter(&frames_, &key_, kept, in_frame ? 1 : 0);
    }
    return texts;
  }
  std::string leave(int64_t rows, int64_t time) {
    char* end = nullptr;
    void* row = rt_frame_leave(&key_, rows, time, &end);
    return row == nullptr ? "-" : text_of(row, end);
  }
  std::string row(int64_t back) {
    char* end = nullptr;
    void* row = rt_frame_row(&key_, back, &end);
    return row == nullptr ? "-" : text_of(row, end);
  }
  // Each of the last rows of every key, when the input has ended.
  std::vector<std::string> rest(int64_t watermark, int64_t rows) {
    TaskContext context{};
    context.watermark = watermark;
    std::vector<std::string> texts;
    int64_t back = 0;
    char* end = nullptr;
    while (void* slot = rt_frame_rest(&context, &frames_, rows, &back))
      texts.push_back(text_of(rt_frame_row(slot, back, &end), end));
    return texts;
  }
  int64_t count() { return rt_frame_count(&key_); }
  void forget() { rt_frame_forget(&frames_, &key_); }
  bool is_known() const { return key_ != nullptr; }
  bool is_over(int64_t time, int64_t watermark) {
    TaskContext context{};
    context.watermark = watermark;
    return rt_frame_is_over(&context, &frames_, time) != 0;
  }
  [[nodiscard]] const FrameRows& frames() const { return frames_; }
  [[nodiscard]] uint64_t bytes() const { return account_; }

 private:
  static std::string text_of(void* row, char* end) {
    return std::string(RowView{static_cast<char*>(row), end}.text(8));
  }
  uint64_t account_ = 0;
  FrameRows frames_;
  FrameRows::KeyRows* key_ = nullptr;
};

using Texts = std::vector<std::string>;

TEST(FrameRows, RowsLeaveInOrderWhenTheWatermarkHasPassedThem) {
  Frames frames(true, 10);
  frames.hold(30, "d");
  frames.hold(20, "c");
  frames.hold(10, "b");
  frames.hold(10, "a");
  EXPECT_FALSE(frames.frames().is_due(20));
  EXPECT_EQ(frames.due(20), Texts());
  EXPECT_TRUE(frames.frames().is_due(21));
  EXPECT_EQ(frames.due(21), Texts({"a", "b"}));
  frames.hold(25, "between");
  EXPECT_EQ(frames.due(kEnd), Texts({"c", "between", "d"}));
  EXPECT_EQ(frames.bytes(), 0u);
}

TEST(FrameRows, WithoutTimeEverythingWaitsForTheEnd) {
  Frames frames(false);
  frames.hold(2, "b");
  frames.hold(1, "a");
  EXPECT_FALSE(frames.frames().is_due(kEnd - 1));
  EXPECT_EQ(frames.due(kEnd - 1), Texts());
  EXPECT_EQ(frames.due(kEnd), Texts({"a", "b"}));
}

TEST(FrameRows, TheLastRowsOfAKeyStay) {
  Frames frames(true);
  for (int64_t i = 0; i < 20; ++i) frames.hold(i, std::to_string(i));
  frames.due(kEnd, 3);
  EXPECT_EQ(frames.row(0), "19");
  EXPECT_EQ(frames.row(2), "17");
  EXPECT_EQ(frames.row(3), "-");
  EXPECT_EQ(frames.bytes(), 3 * (kRowSize + 2));
}

TEST(FrameRows, TheRestIsThereWhenTheInputHasEnded) {
  Frames frames(true);
  for (int64_t i = 0; i < 5; ++i) frames.hold(i, std::to_string(i));
  frames.due(kEnd, 3);
  EXPECT_EQ(frames.rest(100, 2), Texts());
  EXPECT_EQ(frames.rest(kEnd, 2), Texts({"3", "4"}));
  EXPECT_EQ(frames.rest(kEnd, 2), Texts());
}

TEST(FrameRows, RowsLeaveAFrameByNumberOrTime) {
  Frames frames(true);
  for (int64_t i = 0; i < 4; ++i) frames.hold(10 * i, std::to_string(i));
  frames.due(kEnd, 1, true);
  EXPECT_EQ(frames.count(), 4);
  EXPECT_EQ(frames.leave(3, 0), "0");
  EXPECT_EQ(frames.leave(3, 0), "-");
  EXPECT_EQ(frames.leave(0, 10), "1");
  EXPECT_EQ(frames.leave(0, 10), "-");
  EXPECT_EQ(frames.count(), 2);
  EXPECT_EQ(frames.row(3), "0");  // until the next row enters
  frames.hold(40, "4");
  frames.due(kEnd, 1, true);
  EXPECT_EQ(frames.count(), 3);
  EXPECT_EQ(frames.row(3), "-");
}

TEST(FrameRows, TheRowsOfAKeyAreForgotten) {
  Frames frames(true, 10);
  frames.forget();  // nothing is known yet
  for (int round = 0; round < 3; ++round) {
    frames.hold(1, "a");
    frames.hold(2, "b");
    EXPECT_EQ(frames.due(kEnd, 2, true), Texts({"a", "b"}));
    EXPECT_EQ(frames.count(), 2);
    frames.forget();
    EXPECT_FALSE(frames.is_known());
    EXPECT_EQ(frames.bytes(), 0u);
  }
  EXPECT_FALSE(frames.is_over(20, 30));
  EXPECT_TRUE(frames.is_over(20, 31));
}

TEST(FrameRows, KeysAreSweptWhenTheirNumberHasDoubled) {
  uint64_t account = 0;
  FrameRows frames(kRowSize, 0, true, &account);
  GroupTable keys(16, {}, &account);
  uint64_t sweeps = 0;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    static_cast<void>(keys.insert(i << 40));
    if (rt_frame_wants_sweep(&frames, &keys) == 0) continue;
    ++sweeps;
    rt_frame_swept(&frames, &keys);
  }
  EXPECT_EQ(sweeps, 7u);  // at 1024, 2048, ... 65536
}

}  // namespace
}  // namespace sluice
